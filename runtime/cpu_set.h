#pragma once
// Which cores a peer computes on.

#include <cstddef>
#include <span>
#include <vector>

#include "runtime/result.h"

namespace runtime {

// The cores that the calling thread may run on, in ascending order; never empty.
[[nodiscard]] std::vector<unsigned> usable_cores();

// Lets the calling thread, and threads that it starts from now on, run on these cores only. An
// Error, and nothing changed, when none of them can be had.
Status pin_this_thread(std::span<const unsigned> cores);

// The share of `cores` for one of `peer_count` peers on one machine: where there are fewer cores
// than peers one core, in turn; else neighbouring cores, shared out evenly, none left over and none
// in two shares. Needs peer_index < peer_count and at least one core.
[[nodiscard]] std::vector<unsigned> cores_for(std::size_t peer_index, std::size_t peer_count,
                                              std::span<const unsigned> cores);

}  // namespace runtime
