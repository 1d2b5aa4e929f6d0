#pragma once
// The addresses that a user gives a newcomer, and whose keys to expect there.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/address.h"
#include "runtime/authorized_keys.h"
#include "runtime/result.h"

namespace peers {

// "tcp://host:port", or with "#name" behind it: the peer whose key is authorized as name.pub.
struct SeedAddress {
  std::string endpoint;
  std::string name;  // empty: any
};
[[nodiscard]] SeedAddress parse_seed(std::string_view text);

inline constexpr std::size_t kSeedsMax = 256;  // a connection each, tried at once

// What to dial. Without keys (null) the addresses. With CURVE a server answers only who knows its
// key, and an address says nothing of it: each authorized key is tried at each address, and of
// those only the one that is right gets through. Refused: a name that is not authorized, more than
// kSeedsMax combinations.
[[nodiscard]] runtime::Result<std::vector<runtime::Address>> seeds_of(
    const std::vector<std::string>& join, const runtime::KeyNames* authorized);

}  // namespace peers
