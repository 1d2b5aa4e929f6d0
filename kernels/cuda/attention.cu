// What cuDNN does not do. Scores of all heads of all samples lie in the scratch memory, one matrix
// after the other; cuBLAS multiplies many of them in one call.

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "kernels/cuda/attention_tensors.h"
#include "kernels/cuda/backend.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/status.h"
#include "kernels/fits.h"

namespace kernels::cuda {
namespace {

using enum AttentionPart;

// One matrix, and how far the next is from it.
struct Matrices {
  const float* first;
  std::size_t row;
  std::size_t step;
  bool transposed = false;
};

struct Products {
  std::size_t count;
  std::size_t rows;
  std::size_t columns;
  std::size_t inner;
  float factor = 1.0F;
};

// c = factor a b for each of them, row-major: cuBLAS, which reads columns first, is asked for c^T =
// b^T a^T.
void multiply(Device& device, const Products& p, const Matrices& a, const Matrices& b,
              const Matrices& c) {
  const auto whole = [](std::size_t count) { return static_cast<std::int64_t>(count); };
  const float kept = 0.0F;
  CUDA_CHECK(cublasSgemmStridedBatched_64(
      device.blas(), b.transposed ? CUBLAS_OP_T : CUBLAS_OP_N,
      a.transposed ? CUBLAS_OP_T : CUBLAS_OP_N, whole(p.columns), whole(p.rows), whole(p.inner),
      &p.factor, b.first, whole(b.row), static_cast<long long>(b.step), a.first, whole(a.row),
      static_cast<long long>(a.step), &kept, const_cast<float*>(c.first), whole(c.row),
      static_cast<long long>(c.step), whole(p.count)));
}

// What one call takes: a head of all samples, or where there are fewer samples all heads of one.
class Turn {
 public:
  // How many turns there are.
  static std::size_t count(const AttentionShape& shape) {
    return std::min(shape.heads, shape.batch);
  }
  Turn(const AttentionShape& shape, std::size_t number)
      : shape_(shape), is_head_(shape.heads < shape.batch), number_(number) {}

  [[nodiscard]] Matrices in(const float* data, AttentionPart part) const {
    return columns_of(data + offset_of(shape_, part), 3 * shape_.channels());
  }
  [[nodiscard]] Matrices out(const float* data) const {
    return columns_of(data, shape_.channels());
  }
  [[nodiscard]] Matrices scores(const float* data) const {
    const std::size_t count = shape_.tokens * shape_.tokens;
    const std::size_t sample = shape_.heads * count;
    if (is_head_) return {data + number_ * count, shape_.tokens, sample};
    return {data + number_ * sample, shape_.tokens, count};
  }

  // tokens x tokens, from two matrices of tokens x width.
  [[nodiscard]] Products to_scores(float factor) const {
    return {matrices(), shape_.tokens, shape_.tokens, shape_.width, factor};
  }
  // The other way.
  [[nodiscard]] Products from_scores() const {
    return {matrices(), shape_.tokens, shape_.width, shape_.tokens};
  }

 private:
  [[nodiscard]] std::size_t matrices() const { return is_head_ ? shape_.batch : shape_.heads; }
  // The columns of heads side by side, `row` numbers to a token.
  [[nodiscard]] Matrices columns_of(const float* data, std::size_t row) const {
    const std::size_t sample = shape_.tokens * row;
    if (is_head_) return {data + number_ * shape_.width, row, sample};
    return {data + number_ * sample, row, shape_.width};
  }

  const AttentionShape& shape_;
  bool is_head_;
  std::size_t number_;
};

template <typename Action>
void in_turn(const AttentionShape& shape, Action action) {
  for (std::size_t i = 0; i < Turn::count(shape); ++i) action(Turn(shape, i));
}

Matrices transposed(Matrices matrices) {
  matrices.transposed = true;
  return matrices;
}

float scale_of(const AttentionShape& s) { return 1.0F / std::sqrt(static_cast<float>(s.width)); }

// scores = softmax(queries keys^T / sqrt(width)), row by row; zeros where a token does not look.
void attend(Device& device, const AttentionShape& shape, const float* in, float* scores) {
  in_turn(shape, [&](const Turn& turn) {
    multiply(device, turn.to_scores(scale_of(shape)), turn.in(in, kQueries),
             transposed(turn.in(in, kKeys)), turn.scores(scores));
  });
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
  in_turn(shape, [&](const Turn& turn) {
    multiply(device_, turn.from_scores(), turn.scores(scores), turn.in(from, kValues),
             turn.out(out.as<float>().data()));
  });
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
  in_turn(shape, [&](const Turn& turn) {
    multiply(device_, turn.from_scores(), transposed(turn.scores(scores)), turn.out(d),
             turn.in(to, kValues));
    multiply(device_, turn.to_scores(1.0F), turn.out(d), transposed(turn.in(from, kValues)),
             turn.scores(d_scores));
  });
  softmax_backward(device_, shape, scores, d_scores);
  in_turn(shape, [&](const Turn& turn) {
    multiply(device_, turn.from_scores(), turn.scores(d_scores), turn.in(from, kKeys),
             turn.in(to, kQueries));
    multiply(device_, turn.from_scores(), transposed(turn.scores(d_scores)),
             turn.in(from, kQueries), turn.in(to, kKeys));
  });
}

}  // namespace kernels::cuda
