#pragma once

#include <cstdint>
#include <string>

namespace runtime {

// Who a peer is, for as long as the run lasts. Ordered: sums and schedules run in this order
// everywhere, so that two machines that see the same peers compute the same bits.
enum class PeerId : std::uint64_t {};

[[nodiscard]] constexpr std::uint64_t value_of(PeerId id) { return static_cast<std::uint64_t>(id); }
[[nodiscard]] inline std::string to_string(PeerId id) {
  return "peer " + std::to_string(value_of(id));
}

}  // namespace runtime
