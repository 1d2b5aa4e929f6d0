#pragma once
// What tells one plan of batch normalisation from another, and the tensors that cuDNN is told of.
// Plain arithmetic: no device, no cuDNN.

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

#include "kernels/cuda/conv_tensors.h"
#include "kernels/cuda/plan_cache.h"
#include "kernels/shapes.h"

namespace kernels::cuda {

struct NormKey {
  std::size_t rows = 0;
  std::size_t channels = 0;
  bool backward = false;
  // Forward alone: what follows the normalisation. Backward it has been taken back before.
  bool added = false;
  Activation activation = Activation::kNone;

  bool operator==(const NormKey&) const = default;
};

struct NormKeyHash {
  std::size_t operator()(const NormKey& key) const {
    return hash_of({key.rows, key.channels, static_cast<std::size_t>(key.backward),
                    static_cast<std::size_t>(key.added), static_cast<std::size_t>(key.activation)});
  }
};

[[nodiscard]] inline NormKey forward_key(const BatchNormShape& shape, bool added) {
  return {.rows = shape.rows,
          .channels = shape.channels,
          .added = added,
          .activation = shape.activation};
}
[[nodiscard]] inline NormKey backward_key(const BatchNormShape& shape) {
  return {.rows = shape.rows, .channels = shape.channels, .backward = true};
}

// Pixels are images of one pixel each: which of them make an image is of no matter here.
[[nodiscard]] inline TensorLayout pixels_tensor(const NormKey& key) {
  return channels_last({key.rows, key.channels, 1, 1});
}
[[nodiscard]] inline TensorLayout channels_tensor(const NormKey& key) {
  return channels_last({1, key.channels, 1, 1});
}

[[nodiscard]] inline bool counts_in_32_bits(const NormKey& key) {
  constexpr std::size_t kCountMax = std::numeric_limits<std::int32_t>::max();
  return key.rows <= kCountMax / key.channels;
}

// For a person: "forward, 4096 pixels of 64 channels, sum, ReLU".
[[nodiscard]] inline std::string text_of(const NormKey& key) {
  return fmt::format("{}, {} pixels of {} channels{}{}", key.backward ? "backward" : "forward",
                     key.rows, key.channels, key.added ? ", sum" : "",
                     key.activation == Activation::kRelu ? ", ReLU" : "");
}

}  // namespace kernels::cuda
