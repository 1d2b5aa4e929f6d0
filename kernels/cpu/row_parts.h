#pragma once
// Rows of numbers shared out to threads, and sums over them that each thread takes of its own part.
// With as many threads, the same bits; with one, those of a plain loop over all rows.

#include <algorithm>
#include <cstddef>
#include <vector>

#include "kernels/cpu/loops.h"
#include "kernels/cpu/threads.h"
#include "kernels/pieces.h"

namespace kernels::cpu {

struct RowPart {
  std::size_t index;
  std::size_t first;
  std::size_t count;
};

// As many as have enough to do each.
[[nodiscard]] inline std::size_t parts_of(const Rows& rows, std::size_t threads) {
  const std::size_t worth = rows.count * rows.columns / kPieceNumbers;
  return std::max<std::size_t>(1, std::min({threads, rows.count, worth}));
}

// Calls action(part) for parts that together are all rows, each on a thread of its own.
template <typename Action>
void for_row_parts(const Rows& rows, std::size_t threads, Action action) {
  const std::size_t parts = parts_of(rows, threads);
  for_parts(parts, [&](std::size_t part) {
    const std::size_t first = rows.count * part / parts;
    action(RowPart{part, first, rows.count * (part + 1) / parts - first});
  });
}

// Two sums for each column. Keeps its memory from call to call.
class RowSums {
 public:
  explicit RowSums(std::size_t threads) : threads_(threads) {}

  // take(part, sums) leaves the first sums of all columns over its rows, and after them the second
  // ones; returned is what all parts come to, good until the next call.
  template <typename Take>
  [[nodiscard]] const double* over(const Rows& rows, Take take) {
    const std::size_t count = 2 * rows.columns;
    const std::size_t all = parts_of(rows, threads_) * count;
    if (sums_.size() < all) sums_.resize(all);
    for_row_parts(rows, threads_,
                  [&](const RowPart& part) { take(part, sums_.data() + part.index * count); });
    for (std::size_t i = count; i < all; ++i) sums_[i % count] += sums_[i];
    return sums_.data();
  }

 private:
  std::size_t threads_;
  std::vector<double> sums_;
};

}  // namespace kernels::cpu
