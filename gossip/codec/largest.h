#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace gossip {

// The positions of the `kept` numbers of the largest magnitude, in order; of equal ones the first.
// kept <= x.size(); no NaN.
[[nodiscard]] std::vector<std::uint32_t> largest(std::span<const float> x, std::size_t kept);
[[nodiscard]] std::vector<std::uint32_t> largest(std::span<const double> x, std::size_t kept);

}  // namespace gossip
