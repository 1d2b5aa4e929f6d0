#include <algorithm>
#include <cmath>

#include "kernels/cpu/backend.h"
#include "kernels/cpu/f32.h"
#include "kernels/cpu/threads.h"
#include "kernels/fits.h"
#include "kernels/host_memory.h"

namespace kernels::cpu {
namespace {

// Where the operands of one head of one sample lie, and how far one token's are from the next's.
struct Head {
  std::size_t query;
  std::size_t key;
  std::size_t value;
  std::size_t out;
  std::size_t in_row;
  std::size_t out_row;
};

Head head_of(const AttentionShape& s, std::size_t index) {
  const std::size_t channels = s.channels();
  const std::size_t first_token = index / s.heads * s.tokens;
  const std::size_t offset = index % s.heads * s.width;
  const std::size_t query = first_token * 3 * channels + offset;
  return {query,        query + channels, query + 2 * channels, first_token * channels + offset,
          3 * channels, channels};
}

float scale_of(const AttentionShape& s) { return 1.0F / std::sqrt(static_cast<float>(s.width)); }

// scores = softmax(queries keys^T / sqrt(width)), row by row; zeros where a token does not look.
void attend(const LayerLoops& loops, const AttentionShape& s, const Head& head, const float* in,
            float* scores) {
  multiply({.rows = s.tokens,
            .columns = s.tokens,
            .inner = s.width,
            .b_transposed = true,
            .factor = scale_of(s),
            .a_row = head.in_row,
            .b_row = head.in_row,
            .c_row = s.tokens},
           in + head.query, in + head.key, scores);
  for (std::size_t token = 0; token < s.tokens; ++token, scores += s.tokens) {
    const std::size_t count = s.causal ? token + 1 : s.tokens;
    loops.softmax(scores, scores, count);
    std::fill(scores + count, scores + s.tokens, 0.0F);
  }
}

// A product of the scores (or their gradient, or either transposed) with one of a head's operands.
MatrixProduct scores_times(const AttentionShape& s, bool transposed, std::size_t b_row,
                           std::size_t c_row) {
  return {.rows = s.tokens,
          .columns = s.width,
          .inner = s.tokens,
          .a_transposed = transposed,
          .a_row = s.tokens,
          .b_row = b_row,
          .c_row = c_row};
}

}  // namespace

template <typename Action>
void CpuBackend::for_heads(const AttentionShape& shape, Action action) {
  use_threads(threads_);
  const std::size_t heads = shape.batch * shape.heads;
  const std::size_t parts = std::min(threads_, heads);
  const std::size_t desk = 2 * shape.tokens * shape.tokens;
  float* const scores = at_least(scores_, parts * desk);
  for_parts(parts, [&](std::size_t part) {
    for (std::size_t head = part; head < heads; head += parts)
      action(head_of(shape, head), scores + part * desk);
  });
}

void CpuBackend::attention_forward(const AttentionShape& shape, ConstView in, View out) {
  CHECK(fits(shape, in, out));
  for_heads(shape, [&](const Head& head, float* scores) {
    attend(loops_, shape, head, f32(in), scores);
    multiply(scores_times(shape, false, head.in_row, head.out_row), scores, f32(in) + head.value,
             f32(out) + head.out);
  });
}

void CpuBackend::attention_backward(const AttentionShape& shape, ConstView in, ConstView d_out,
                                    View d_in) {
  CHECK(fits(shape, in, d_out) && fits(shape, d_in, d_out));
  const std::size_t tokens = shape.tokens;
  for_heads(shape, [&](const Head& head, float* scores) {
    float* const d_scores = scores + tokens * tokens;
    attend(loops_, shape, head, f32(in), scores);
    multiply(scores_times(shape, true, head.out_row, head.in_row), scores, f32(d_out) + head.out,
             f32(d_in) + head.value);
    multiply({.rows = tokens,
              .columns = tokens,
              .inner = shape.width,
              .b_transposed = true,
              .a_row = head.out_row,
              .b_row = head.in_row,
              .c_row = tokens},
             f32(d_out) + head.out, f32(in) + head.value, d_scores);
    for (std::size_t row = 0; row < tokens * tokens; row += tokens)
      loops_.softmax_backward(scores + row, d_scores + row, scale_of(shape), tokens);
    multiply(scores_times(shape, false, head.in_row, head.in_row), d_scores, f32(in) + head.key,
             f32(d_in) + head.query);
    multiply(scores_times(shape, true, head.in_row, head.in_row), d_scores, f32(in) + head.query,
             f32(d_in) + head.key);
  });
}

}  // namespace kernels::cpu
