#pragma once
// The tensors of attention as cuDNN is told of them: dimensions in the order samples, heads,
// tokens, channels of a head. Plain arithmetic: no device, no cuDNN.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "kernels/cuda/tensor_layout.h"
#include "kernels/shapes.h"

namespace kernels::cuda {

enum class AttentionPart : std::uint8_t { kQueries, kKeys, kValues };

// How many numbers after the start of what goes in a part begins.
[[nodiscard]] inline std::size_t offset_of(const AttentionShape& s, AttentionPart part) {
  return static_cast<std::size_t>(part) * s.channels();
}

// Heads side by side in rows of so many numbers a token.
[[nodiscard]] inline TensorLayout heads_layout(const AttentionShape& s, std::size_t row) {
  const auto number = [](std::size_t count) { return static_cast<std::int64_t>(count); };
  return {.dims = {number(s.batch), number(s.heads), number(s.tokens), number(s.width)},
          .strides = {number(s.tokens * row), number(s.width), number(row), 1}};
}

// A part of what goes in, or of its gradient.
[[nodiscard]] inline TensorLayout part_layout(const AttentionShape& s) {
  return heads_layout(s, 3 * s.channels());
}
[[nodiscard]] inline TensorLayout out_layout(const AttentionShape& s) {
  return heads_layout(s, s.channels());
}
// Of each token, one number for each that it may look at.
[[nodiscard]] inline TensorLayout scores_layout(const AttentionShape& s) {
  const auto tokens = static_cast<std::int64_t>(s.tokens);
  return packed(
      {static_cast<std::int64_t>(s.batch), static_cast<std::int64_t>(s.heads), tokens, tokens});
}
// One number of each row of those.
[[nodiscard]] inline TensorLayout rows_layout(const AttentionShape& s) {
  return packed({static_cast<std::int64_t>(s.batch), static_cast<std::int64_t>(s.heads),
                 static_cast<std::int64_t>(s.tokens), 1});
}

[[nodiscard]] inline std::size_t row_count(const AttentionShape& s) {
  return s.batch * s.heads * s.tokens;
}
[[nodiscard]] inline std::size_t score_count(const AttentionShape& s) {
  return row_count(s) * s.tokens;
}

// Whether 32 bits count the numbers of each tensor.
[[nodiscard]] inline bool counts_in_32_bits(const AttentionShape& s) {
  constexpr std::size_t kCountMax = std::numeric_limits<std::int32_t>::max();
  return std::max(s.in_count(), score_count(s)) <= kCountMax;
}

}  // namespace kernels::cuda
