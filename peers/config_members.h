#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/result.h"
#include "runtime/zmq_transport.h"

namespace peers {

// One line of [membership] members: who is in a run whose members are fixed, and where to dial it.
struct ListedMember {
  runtime::PeerId id{};
  std::string name;
  runtime::Address address;
  std::uint64_t incarnation = 1;
  bool operator==(const ListedMember& other) const;
};

// Reads "id name control-address bulk-address", words apart by one or more spaces; behind them, for
// security.mode = "curve", the member's public key, and an incarnation where it is not the first.
[[nodiscard]] runtime::Result<ListedMember> parse_member(std::string_view text);
[[nodiscard]] std::string to_string(const ListedMember& member);

}  // namespace peers
