// What cuDNN does not do. Scores of all heads of all samples lie in the scratch memory, one matrix
// after the other; cuBLAS multiplies head by head, a sample's heads in one call.

#include <cmath>
#include <cstdint>

#include "kernels/cuda/attention_tensors.h"
#include "kernels/cuda/backend.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/status.h"
#include "kernels/fits.h"

namespace kernels::cuda {
namespace {

// The matrix of one head, and how far the next head's is from it.
struct HeadMatrix {
  const float* first;
  std::size_t row;
  std::size_t step;
  bool transposed = false;
};

struct HeadProduct {
  std::size_t heads;
  std::size_t rows;
  std::size_t columns;
  std::size_t inner;
  float factor = 1.0F;
};

// c = factor a b for each head, row-major: cuBLAS, which reads columns first, is asked for c^T =
// b^T a^T.
void multiply(Device& device, const HeadProduct& p, const HeadMatrix& a, const HeadMatrix& b,
              const HeadMatrix& c) {
  const auto whole = [](std::size_t count) { return static_cast<std::int64_t>(count); };
  const float kept = 0.0F;
  CUDA_CHECK(cublasSgemmStridedBatched_64(
      device.blas(), b.transposed ? CUBLAS_OP_T : CUBLAS_OP_N,
      a.transposed ? CUBLAS_OP_T : CUBLAS_OP_N, whole(p.columns), whole(p.rows), whole(p.inner),
      &p.factor, b.first, whole(b.row), static_cast<long long>(b.step), a.first, whole(a.row),
      static_cast<long long>(a.step), &kept, const_cast<float*>(c.first), whole(c.row),
      static_cast<long long>(c.step), whole(p.heads)));
}

// One sample's matrices, all heads of each.
struct Sample {
  const AttentionShape& shape;
  std::size_t number;

  // part 0: queries, 1: keys, 2: values.
  [[nodiscard]] HeadMatrix in(const float* data, std::size_t part) const {
    const std::size_t row = 3 * shape.channels();
    return {data + number * shape.tokens * row + part * shape.channels(), row, shape.width};
  }
  [[nodiscard]] HeadMatrix out(const float* data) const {
    const std::size_t row = shape.channels();
    return {data + number * shape.tokens * row, row, shape.width};
  }
  [[nodiscard]] HeadMatrix scores(const float* data) const {
    const std::size_t count = shape.tokens * shape.tokens;
    return {data + number * shape.heads * count, shape.tokens, count};
  }
};

HeadMatrix transposed(HeadMatrix matrix) {
  matrix.transposed = true;
  return matrix;
}

// tokens x tokens, from two matrices of tokens x width.
HeadProduct to_scores(const AttentionShape& s, float factor) {
  return {s.heads, s.tokens, s.tokens, s.width, factor};
}
// The other way.
HeadProduct from_scores(const AttentionShape& s) { return {s.heads, s.tokens, s.width, s.tokens}; }

float scale_of(const AttentionShape& s) { return 1.0F / std::sqrt(static_cast<float>(s.width)); }

// scores = softmax(queries keys^T / sqrt(width)), row by row; zeros where a token does not look.
void attend(Device& device, const AttentionShape& shape, const float* in, float* scores) {
  for (std::size_t n = 0; n < shape.batch; ++n) {
    const Sample sample{shape, n};
    multiply(device, to_scores(shape, scale_of(shape)), sample.in(in, 0),
             transposed(sample.in(in, 1)), sample.scores(scores));
  }
  const std::size_t tokens = shape.tokens;
  const bool causal = shape.causal;
  CUDA_CHECK(launch(device.stream(), score_count(shape) / tokens, [=] __device__(std::size_t r) {
    float* const row = scores + r * tokens;
    const std::size_t count = causal ? r % tokens + 1 : tokens;
    float top = row[0];
    for (std::size_t i = 1; i < count; ++i) top = row[i] > top ? row[i] : top;
    float sum = 0;
    for (std::size_t i = 0; i < count; ++i) sum += row[i] = expf(row[i] - top);
    for (std::size_t i = 0; i < count; ++i) row[i] /= sum;
    for (std::size_t i = count; i < tokens; ++i) row[i] = 0;
  }));
}

// d = factor p (d - the row's sum of p d): from the gradient of shares to that of scores.
void softmax_backward(Device& device, const AttentionShape& shape, const float* shares, float* d) {
  const std::size_t tokens = shape.tokens;
  const float factor = scale_of(shape);
  CUDA_CHECK(launch(device.stream(), score_count(shape) / tokens, [=] __device__(std::size_t r) {
    const float* const p = shares + r * tokens;
    float* const row = d + r * tokens;
    float sum = 0;
    for (std::size_t i = 0; i < tokens; ++i) sum += p[i] * row[i];
    for (std::size_t i = 0; i < tokens; ++i) row[i] = factor * p[i] * (row[i] - sum);
  }));
}

}  // namespace

void CudaBackend::attention_forward(const AttentionShape& shape, ConstView in, View out) {
  CHECK(fits(shape, in, out));
  const float* const from = in.as<float>().data();
  if (cudnn_attention_.forward(device_, shape, from, out.as<float>().data())) return;
  auto* const scores = device_.scratch<float>(score_count(shape));
  attend(device_, shape, from, scores);
  for (std::size_t n = 0; n < shape.batch; ++n) {
    const Sample sample{shape, n};
    multiply(device_, from_scores(shape), sample.scores(scores), sample.in(from, 2),
             sample.out(out.as<float>().data()));
  }
}

void CudaBackend::attention_backward(const AttentionShape& shape, ConstView in, ConstView d_out,
                                     View d_in) {
  CHECK(fits(shape, in, d_out) && fits(shape, d_in, d_out));
  const float* const from = in.as<float>().data();
  const float* const d = d_out.as<float>().data();
  float* const to = d_in.as<float>().data();
  if (cudnn_attention_.backward(device_, shape, from, d, to)) return;
  auto* const scores = device_.scratch<float>(2 * score_count(shape));
  float* const d_scores = scores + score_count(shape);
  attend(device_, shape, from, scores);
  for (std::size_t n = 0; n < shape.batch; ++n) {
    const Sample sample{shape, n};
    multiply(device_, from_scores(shape), transposed(sample.scores(scores)), sample.out(d),
             sample.in(to, 2));
    multiply(device_, to_scores(shape, 1.0F), sample.out(d), transposed(sample.in(from, 2)),
             sample.scores(d_scores));
  }
  softmax_backward(device_, shape, scores, d_scores);
  for (std::size_t n = 0; n < shape.batch; ++n) {
    const Sample sample{shape, n};
    multiply(device_, from_scores(shape), sample.scores(d_scores), sample.in(from, 1),
             sample.in(to, 0));
    multiply(device_, from_scores(shape), transposed(sample.scores(d_scores)), sample.in(from, 0),
             sample.in(to, 1));
  }
}

}  // namespace kernels::cuda
