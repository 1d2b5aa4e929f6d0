#pragma once
// Lists that are made anew every round: whom to push to, how much, of what. Whoever asks for one
// may say where it is to lie; a peer says in a pool of its own, so that a steady run allocates
// none.

#include <memory_resource>
#include <vector>

namespace gossip {

template <typename T>
using List = std::pmr::vector<T>;

// Default of those who ask now and then: the heap.
using ListMemory = std::pmr::memory_resource*;
[[nodiscard]] inline ListMemory heap() { return std::pmr::new_delete_resource(); }

}  // namespace gossip
