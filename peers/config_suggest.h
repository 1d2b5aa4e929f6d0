#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace peers {

// How many letters must be added, removed, changed or swapped with their neighbour to turn one word
// into the other.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

// The candidate with the fewest edits, the first of equals; empty when none is so near that it may
// have been meant.
[[nodiscard]] std::string_view nearest(std::string_view word,
                                       std::span<const std::string_view> candidates);

// The same for keys, where the right word in the wrong table is near.
[[nodiscard]] std::string_view nearest_key(std::string_view key,
                                           std::span<const std::string_view> keys);

}  // namespace peers
