#pragma once
// What tells one plan of attention from another.

#include <fmt/format.h>

#include <cstddef>
#include <string>

#include "kernels/cuda/plan_cache.h"
#include "kernels/shapes.h"

namespace kernels::cuda {

struct AttentionKey {
  AttentionShape shape = {};
  bool backward = false;

  bool operator==(const AttentionKey&) const = default;
};

struct AttentionKeyHash {
  std::size_t operator()(const AttentionKey& key) const {
    const AttentionShape& s = key.shape;
    return hash_of({s.batch, s.tokens, s.heads, s.width, static_cast<std::size_t>(s.causal),
                    static_cast<std::size_t>(key.backward)});
  }
};

// For a person: "forward, 2 samples of 64 tokens, 4 heads of 32 channels, causal".
[[nodiscard]] inline std::string text_of(const AttentionKey& key) {
  const AttentionShape& s = key.shape;
  return fmt::format("{}, {} samples of {} tokens, {} heads of {} channels{}",
                     key.backward ? "backward" : "forward", s.batch, s.tokens, s.heads, s.width,
                     s.causal ? ", causal" : "");
}

}  // namespace kernels::cuda
