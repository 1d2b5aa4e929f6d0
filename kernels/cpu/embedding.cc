#include <algorithm>

#include "kernels/cpu/backend.h"
#include "kernels/cpu/f32.h"
#include "kernels/fits.h"

namespace kernels::cpu {
namespace {

std::size_t token_at(const EmbeddingShape& shape, ConstView tokens, std::size_t row) {
  const float token = tokens.as<float>()[row];
  CHECK(token >= 0.0F && token < static_cast<float>(shape.vocabulary));
  return static_cast<std::size_t>(token);
}

}  // namespace

void CpuBackend::embedding_forward(const EmbeddingShape& shape, ConstView tokens, ConstView table,
                                   View out) {
  CHECK(fits(shape, tokens, table, out));
  for (std::size_t row = 0; row < shape.rows; ++row)
    std::copy_n(f32(table) + token_at(shape, tokens, row) * shape.width, shape.width,
                f32(out) + row * shape.width);
}

void CpuBackend::embedding_backward(const EmbeddingShape& shape, ConstView tokens, ConstView d_out,
                                    View d_table) {
  CHECK(fits(shape, tokens, d_table, d_out));
  std::fill_n(f32(d_table), d_table.count(), 0.0F);
  for (std::size_t row = 0; row < shape.rows; ++row) {
    float* const to = f32(d_table) + token_at(shape, tokens, row) * shape.width;
    loops_.add(to, f32(d_out) + row * shape.width, false, to, shape.width);
  }
}

void CpuBackend::add_to_rows(const RowsShape& shape, ConstView in, ConstView row, View out) {
  CHECK(fits(shape, in, row) && fits(shape, out, row));
  for (std::size_t begin = 0; begin < shape.count(); begin += shape.columns)
    loops_.add(f32(in) + begin, f32(row), false, f32(out) + begin, shape.columns);
}

void CpuBackend::sum_rows(const RowsShape& shape, ConstView in, View row) {
  CHECK(fits(shape, in, row));
  loops_.sum_rows({shape.rows, shape.columns}, f32(in), f32(row));
}

}  // namespace kernels::cpu
