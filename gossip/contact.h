#pragma once
// What peers say to each other before one is a member, and to make it one.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gossip/members.h"
#include "runtime/address.h"
#include "runtime/frame.h"
#include "runtime/peer_id.h"

namespace gossip {

// A member of a run, and where it is.
struct Contact {
  runtime::PeerId id{};
  std::uint64_t incarnation = 0;
  std::string name;
  runtime::Address address;
  friend bool operator==(const Contact&, const Contact&) = default;
};

inline constexpr std::size_t kNameBytesMax = 64;      // longer ones are malformed
inline constexpr std::size_t kAddressBytesMax = 256;  // each endpoint
inline constexpr std::size_t kKeyBytesMax = 40;
inline constexpr std::size_t kTermsBytesMax = 8192;
inline constexpr std::size_t kContactsMax = 64;  // of one roster; more go in several

// A newcomer asks to be let in, to everybody it knows, again and again until it is answered.
struct Hello {
  Contact self;
  std::string terms;   // what every peer of a run must have alike, a "key = value" a line
  bool ready = false;  // it holds an estimate: from now on it is a member
  // Of one that waits: the step at which it could begin the run again, where it was of it before.
  std::optional<std::uint64_t> begins_at = {};
};

// Members that the sender believes alive. Only ever adds: who is gone says so or falls silent.
struct Roster {
  std::vector<Contact> contacts;
  Progress progress{};  // the sender's
};

// Not let in. For a person.
struct Rejection {
  std::string reason;
};

// A newcomer wants a block of the estimate ...
struct Request {
  std::uint32_t block = 0;
};

// ... and gets the donor's. No mass moves.
struct Donation {
  std::uint32_t block = 0;
  std::uint64_t checksum = 0;  // XXH3, 64 bits, of the payload
  runtime::Frame payload;      // the estimate of the block
};

}  // namespace gossip
