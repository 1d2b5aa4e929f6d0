#include "kernels/cuda/backend.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/layer.h"
#include "kernels/cuda/status.h"
#include "kernels/fits.h"

namespace kernels::cuda {
namespace {

// A token outside the table traps; the next call that asks the device says so.
__device__ std::size_t token_at(const float* tokens, std::size_t row, std::size_t vocabulary) {
  const float token = tokens[row];
  if (!(token >= 0 && token < static_cast<float>(vocabulary))) __trap();
  return static_cast<std::size_t>(token);
}

}  // namespace

void CudaBackend::embedding_forward(const EmbeddingShape& shape, ConstView tokens, ConstView table,
                                    View out) {
  CHECK(fits(shape, tokens, table, out));
  const std::size_t width = shape.width;
  const std::size_t vocabulary = shape.vocabulary;
  const float* const numbers = tokens.as<float>().data();
  const float* const from = table.as<float>().data();
  float* const to = out.as<float>().data();
  CUDA_CHECK(launch(device_.stream(), shape.out_count(), [=] __device__(std::size_t i) {
    to[i] = from[token_at(numbers, i / width, vocabulary) * width + i % width];
  }));
}

// Each number of the table looks for its token: no two threads write one number, so no order of
// theirs can show.
void CudaBackend::embedding_backward(const EmbeddingShape& shape, ConstView tokens, ConstView d_out,
                                     View d_table) {
  CHECK(fits(shape, tokens, d_table, d_out));
  const std::size_t rows = shape.rows;
  const std::size_t width = shape.width;
  const std::size_t vocabulary = shape.vocabulary;
  const float* const numbers = tokens.as<float>().data();
  const float* const from = d_out.as<float>().data();
  float* const to = d_table.as<float>().data();
  CUDA_CHECK(launch(device_.stream(), shape.table_count(), [=] __device__(std::size_t i) {
    float sum = 0;
    for (std::size_t row = 0; row < rows; ++row) {
      if (token_at(numbers, row, vocabulary) == i / width) sum += from[row * width + i % width];
    }
    to[i] = sum;
  }));
}

void CudaBackend::add_to_rows(const RowsShape& shape, ConstView in, ConstView row, View out) {
  CHECK(fits(shape, in, row) && fits(shape, out, row));
  const std::size_t columns = shape.columns;
  const float* const from = in.as<float>().data();
  const float* const added = row.as<float>().data();
  float* const to = out.as<float>().data();
  CUDA_CHECK(launch(device_.stream(), shape.count(),
                    [=] __device__(std::size_t i) { to[i] = from[i] + added[i % columns]; }));
}

void CudaBackend::sum_rows(const RowsShape& shape, ConstView in, View row) {
  CHECK(fits(shape, in, row));
  add_up_rows(device_, {shape.rows, shape.columns}, in.as<float>().data(), row.as<float>().data());
}

}  // namespace kernels::cuda
