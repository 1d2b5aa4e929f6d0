#pragma once
// Sums over the rows of matrices that need not lie in memory.

#include <algorithm>
#include <cstddef>

#include "kernels/cuda/device.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/status.h"

namespace kernels::cuda {

// For each column c: finish(c, the sum over all rows of term(row * columns + c, c)), in an order
// that only the size decides. Uses the scratch memory.
template <typename Term, typename Finish>
void sum_columns(Device& device, std::size_t rows, std::size_t columns, Term term, Finish finish) {
  // Long columns are summed in pieces, or few of them would keep few threads busy.
  constexpr std::size_t kPiecesMax = 512;
  const std::size_t pieces = std::min(rows, kPiecesMax);
  auto* const partial = device.scratch<float>(pieces * columns);
  CUDA_CHECK(launch(device.stream(), pieces * columns, [=] __device__(std::size_t i) {
    float sum = 0;
    for (std::size_t row = i / columns; row < rows; row += pieces)
      sum += term(row * columns + i % columns, i % columns);
    partial[i] = sum;
  }));
  CUDA_CHECK(launch(device.stream(), columns, [=] __device__(std::size_t column) {
    float sum = 0;
    for (std::size_t piece = 0; piece < pieces; ++piece) sum += partial[piece * columns + column];
    finish(column, sum);
  }));
}

}  // namespace kernels::cuda
