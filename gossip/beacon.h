#pragma once
// How peers of one run on one network find each other without an address: each says now and then
// where it is, to all who listen. A beacon is a hint from anybody. It adds an address to those at
// which one knocks, and no more: what is said at the door decides, with keys CURVE before it. A
// pure state machine; runtime/beacon_socket.h carries the datagrams.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/address.h"
#include "runtime/authorized_keys.h"
#include "runtime/clock.h"
#include "runtime/peer_id.h"

namespace gossip {

struct Beacon {
  enum class Kind : std::uint8_t {
    kSeeking,  // would join, and has found nobody yet
    kMember,   // can be joined at `control`
  };
  Kind kind = Kind::kSeeking;
  std::uint64_t fingerprint = 0;  // of the run
  runtime::PeerId id{};
  std::string control;   // the sender's control channel: tcp://a.b.c.d:port (is_beacon_address)
  std::string key = {};  // that the sender has to prove there, or nothing; at most kKeyBytesMax
  friend bool operator==(const Beacon&, const Beacon&) = default;
};

inline constexpr std::uint8_t kBeaconVersion = 1;
inline constexpr std::size_t kBeaconBytesMax = 512;  // a longer datagram is no beacon

// An IPv4 host in numbers, and a port: no beacon makes anybody ask a name server, or open a file.
[[nodiscard]] bool is_beacon_address(std::string_view control);

// "MMRB", version, kind, fingerprint and id as 8 bytes each, then address and key, a byte for the
// length of each before it, little-endian; then XXH3, 64 bits, of all that. Nothing may follow.
[[nodiscard]] std::vector<std::byte> encode_beacon(const Beacon& beacon);
// None: not a beacon, or of another version.
[[nodiscard]] std::optional<Beacon> decode_beacon(std::span<const std::byte> datagram);

// One peer's part. A newcomer seeks: it says so and listens for members of its run. Where nobody is
// heard for `patience`, of all who seek the one of the lowest id is the first of the run; the
// others then hear it. That only spares the run a second beginning: where there is one all the
// same, because somebody was not heard in time, those who began hear each other later and meet
// (Exchange::hear_of). So nobody's word keeps a newcomer from beginning for ever. Members say where
// they are; less often where enough others do.
class Discovery {
 public:
  struct Options {
    runtime::PeerId self{};
    std::uint64_t fingerprint = 0;
    runtime::Address address{};  // of this peer: what others dial, and its key
    bool local_only = false;     // of this machine's addresses only, or else of none of them
    runtime::Duration interval{500'000'000};
    runtime::Duration patience{3'000'000'000};
    runtime::Duration yield_max{12'000'000'000};  // from then on whoever else seeks does not count
  };
  enum class State : std::uint8_t { kSeeking, kFound, kFirst };
  struct Found {
    runtime::PeerId peer{};
    runtime::Address address{};
    runtime::Instant heard_at{};
  };
  // What was heard and not believed.
  struct Dropped {
    std::uint64_t malformed = 0;     // no beacon
    std::uint64_t other_run = 0;     // another fingerprint
    std::uint64_t not_believed = 0;  // an address out of bounds, or a key that is not authorized
  };
  static constexpr std::size_t kFoundMax = 16;   // peers at a time; more are not believed
  static constexpr std::size_t kTellersMax = 3;  // members that say so in an interval are enough
  // Then a member keeps silent for so many intervals and no more: less than the patience of those
  // who seek, so that whoever pretends to be enough members hides nobody.
  static constexpr unsigned kSilentMax = 2;

  Discovery(Options options, runtime::Instant now);

  // kFound: found() has somebody. kFirst: nobody is there, and of those who seek this is the one.
  [[nodiscard]] State state(runtime::Instant now) const;
  // Members that were heard lately, in the order in which they were first.
  [[nodiscard]] std::vector<Found> found(runtime::Instant now) const;
  // The same, each told once: for a member, who hands them on.
  [[nodiscard]] std::vector<Found> take_found() { return std::exchange(found_, {}); }
  void become_member() { member_ = true; }
  void seek_again(runtime::Instant now);  // those found did not answer: what was heard is forgotten

  // From now on nobody else's keys are believed. Null: there are no keys.
  void admit_only(std::shared_ptr<const runtime::KeyNames> authorized) {
    authorized_ = std::move(authorized);
  }
  void hear(std::span<const std::byte> datagram, runtime::Instant now);
  // What to tell all, if it is time.
  [[nodiscard]] std::optional<std::vector<std::byte>> take_beacon(runtime::Instant now);
  [[nodiscard]] const Dropped& dropped() const { return dropped_; }

 private:
  [[nodiscard]] bool is_recent(runtime::Instant heard_at, runtime::Instant now) const {
    return now - heard_at < options_.patience;
  }
  [[nodiscard]] bool is_believed(const Beacon& beacon) const;
  void note(const Beacon& beacon, runtime::Instant now);

  Options options_;
  runtime::Instant since_;
  runtime::Instant say_at_;
  bool member_ = false;
  std::shared_ptr<const runtime::KeyNames> authorized_;
  std::vector<Found> found_;
  std::optional<runtime::Instant> lower_heard_at_;  // of one who seeks and has a lower id
  std::vector<runtime::PeerId> tellers_;            // members heard since our turn came last
  unsigned silent_ = 0;                             // turns since we spoke
  Dropped dropped_;
};

}  // namespace gossip
