#pragma once

#include <algorithm>
#include <cstddef>

#include "kernels/backend.h"

namespace kernels {

// Several passes over long vectors, a piece at a time: each pass finds in the cache what the one
// before it left there. A device gets its work in one call. Piece after piece in this thread;
// Backend::in_pieces() is for pieces that may be worked on at once.
inline constexpr std::size_t kPieceNumbers = 8192;

// Calls action(where the piece begins, its size) for all of `count` numbers of the backend's
// memory.
template <typename Action>
void for_pieces(const Backend& backend, std::size_t count, Action action) {
  const std::size_t size = backend.is_host() ? kPieceNumbers : count;
  for (std::size_t begin = 0; begin < count; begin += size)
    action(begin, std::min(size, count - begin));
}

}  // namespace kernels
