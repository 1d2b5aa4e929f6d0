#pragma once
// What tells one plan of cuDNN from another.

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "kernels/cuda/plan_cache.h"
#include "kernels/precision.h"
#include "kernels/shapes.h"

namespace kernels::cuda {

enum class ConvOperation : std::uint8_t { kForward, kBackwardWeight, kBackwardData };

// All that a plan depends on, and nothing else: a backward pass is the same whatever the
// activation, which has been applied to its gradient before.
struct ConvKey {
  ConvOperation operation = ConvOperation::kForward;
  ConvShape shape = {};
  Precision precision = Precision::kF32;
  bool bias = false;  // of a forward pass: added in it

  bool operator==(const ConvKey&) const = default;
  // Whether more is in it than the convolution.
  [[nodiscard]] bool is_fused() const { return bias || shape.activation != Activation::kNone; }
};

// The convolution alone.
[[nodiscard]] inline ConvKey bare_key(ConvOperation operation, const ConvShape& shape,
                                      Precision precision) {
  ConvKey key{.operation = operation, .shape = shape, .precision = precision};
  key.shape.activation = Activation::kNone;
  return key;
}

struct ConvKeyHash {
  std::size_t operator()(const ConvKey& key) const {
    const ConvShape& s = key.shape;
    return hash_of({static_cast<std::size_t>(key.operation), s.batch, s.in_channels, s.in_height,
                    s.in_width, s.out_channels, s.kernel_height, s.kernel_width, s.stride,
                    s.padding, static_cast<std::size_t>(s.activation), s.groups,
                    static_cast<std::size_t>(key.precision), static_cast<std::size_t>(key.bias)});
  }
};

[[nodiscard]] constexpr std::string_view name_of(ConvOperation operation) {
  if (operation == ConvOperation::kForward) return "forward";
  return operation == ConvOperation::kBackwardWeight ? "gradient of the weights"
                                                     : "gradient of the images";
}

// For a person: "forward, 64 images of 28x28x1, 6 kernels of 5x5, stride 1, padding 2, f32".
[[nodiscard]] inline std::string text_of(const ConvKey& key) {
  const ConvShape& s = key.shape;
  const std::string groups = s.groups == 1 ? "" : fmt::format("{} groups, ", s.groups);
  return fmt::format("{}, {} images of {}x{}x{}, {} kernels of {}x{}, stride {}, padding {}, {}{}",
                     name_of(key.operation), s.batch, s.in_height, s.in_width, s.in_channels,
                     s.out_channels, s.kernel_height, s.kernel_width, s.stride, s.padding, groups,
                     name_of(key.precision));
}

}  // namespace kernels::cuda
