#include <vector>

#include "kernels/fits.h"
#include "kernels/reference/activation.h"
#include "kernels/reference/backend.h"
#include "kernels/reference/scalars.h"

namespace kernels::reference {
namespace {

template <typename T>
std::size_t token_at(const EmbeddingShape& shape, ConstView tokens, std::size_t row) {
  const T token = tokens.as<T>()[row];
  CHECK(token >= T{0} && token < static_cast<T>(shape.vocabulary));
  return static_cast<std::size_t>(token);
}

}  // namespace

void ReferenceBackend::embedding_forward(const EmbeddingShape& shape, ConstView tokens,
                                         ConstView table, View out) {
  CHECK(fits(shape, tokens, table, out));
  with_type(table.scalar(), [&](auto zero) {
    using T = decltype(zero);
    for (std::size_t row = 0; row < shape.rows; ++row)
      for (std::size_t i = 0; i < shape.width; ++i)
        out.as<T>()[row * shape.width + i] =
            table.as<T>()[token_at<T>(shape, tokens, row) * shape.width + i];
  });
}

void ReferenceBackend::embedding_backward(const EmbeddingShape& shape, ConstView tokens,
                                          ConstView d_out, View d_table) {
  CHECK(fits(shape, tokens, d_table, d_out));
  with_type(d_table.scalar(), [&](auto zero) {
    using T = decltype(zero);
    std::vector<double> sums(shape.table_count(), 0.0);
    for (std::size_t row = 0; row < shape.rows; ++row)
      for (std::size_t i = 0; i < shape.width; ++i)
        sums[token_at<T>(shape, tokens, row) * shape.width + i] +=
            static_cast<double>(d_out.as<T>()[row * shape.width + i]);
    for (std::size_t i = 0; i < sums.size(); ++i) d_table.as<T>()[i] = static_cast<T>(sums[i]);
  });
}

void ReferenceBackend::add_to_rows(const RowsShape& shape, ConstView in, ConstView row, View out) {
  CHECK(fits(shape, in, row) && fits(shape, out, row));
  with_type(in.scalar(), [&](auto zero) {
    using T = decltype(zero);
    for (std::size_t i = 0; i < shape.count(); ++i)
      out.as<T>()[i] = in.as<T>()[i] + row.as<T>()[i % shape.columns];
  });
}

void ReferenceBackend::sum_rows(const RowsShape& shape, ConstView in, View row) {
  CHECK(fits(shape, in, row));
  with_type(in.scalar(), [&](auto zero) {
    using T = decltype(zero);
    add_up_rows<T>(in.as<T>(), row.as<T>());
  });
}

}  // namespace kernels::reference
