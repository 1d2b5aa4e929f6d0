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

// Whether cuDNN of this version (90100 is 9.1) may give gradients that are no numbers, where all
// scores of a row are below -88: before 9.26 the keys that fill half of their last block of 128 go
// on in its empty half, seen on compute capability 9.0 and under a mask that hides nothing
// (NVIDIA's cudnn-frontend, pull request 628; PyTorch, issue 196678).
[[nodiscard]] inline bool may_give_nan(const AttentionKey& key, std::size_t version) {
  constexpr std::size_t kBlock = 128;
  return version < 92600 && key.backward && !key.shape.causal &&
         key.shape.tokens % kBlock == kBlock / 2;
}

// For a person: "forward, 2 samples of 64 tokens, 4 heads of 32 channels, causal".
[[nodiscard]] inline std::string text_of(const AttentionKey& key) {
  const AttentionShape& s = key.shape;
  return fmt::format("{}, {} samples of {} tokens, {} heads of {} channels{}",
                     key.backward ? "backward" : "forward", s.batch, s.tokens, s.heads, s.width,
                     s.causal ? ", causal" : "");
}

}  // namespace kernels::cuda
