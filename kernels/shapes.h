#pragma once
// Shapes of the operators. Images are channels-last (batch, height, width, channels) on every
// device: what oneDNN and cuDNN are fastest with. A convolution's weight is (out_channels,
// kernel_height, kernel_width, in_channels / groups), a dense layer's (outputs, inputs), both
// row-major.

#include <cstddef>
#include <cstdint>

namespace kernels {

enum class Activation : std::uint8_t { kNone, kRelu };

struct DenseShape {
  std::size_t batch = 0;
  std::size_t inputs = 0;
  std::size_t outputs = 0;
  Activation activation = Activation::kNone;  // fused: out = activation(in weight^T + bias)

  [[nodiscard]] std::size_t in_count() const { return batch * inputs; }
  [[nodiscard]] std::size_t out_count() const { return batch * outputs; }
  [[nodiscard]] std::size_t weight_count() const { return outputs * inputs; }
  bool operator==(const DenseShape&) const = default;
};

struct ConvShape {
  std::size_t batch = 0;
  std::size_t in_channels = 0;
  std::size_t in_height = 0;
  std::size_t in_width = 0;
  std::size_t out_channels = 0;
  std::size_t kernel_height = 1;
  std::size_t kernel_width = 1;
  std::size_t stride = 1;
  std::size_t padding = 0;  // zeros on each side
  Activation activation = Activation::kNone;
  std::size_t groups = 1;  // convolutions side by side; divides both numbers of channels

  [[nodiscard]] std::size_t out_height() const {
    return (in_height + 2 * padding - kernel_height) / stride + 1;
  }
  [[nodiscard]] std::size_t out_width() const {
    return (in_width + 2 * padding - kernel_width) / stride + 1;
  }
  [[nodiscard]] std::size_t in_count() const { return batch * in_height * in_width * in_channels; }
  [[nodiscard]] std::size_t out_count() const {
    return batch * out_height() * out_width() * out_channels;
  }
  [[nodiscard]] std::size_t weight_count() const {
    return out_channels * kernel_height * kernel_width * (in_channels / groups);
  }
  bool operator==(const ConvShape&) const = default;
};

enum class PoolKind : std::uint8_t { kMax, kAverage };

// Windows of window x window, no padding; what does not fill a window at the right and the bottom
// is left out.
struct PoolShape {
  PoolKind kind = PoolKind::kMax;
  std::size_t batch = 0;
  std::size_t channels = 0;
  std::size_t in_height = 0;
  std::size_t in_width = 0;
  std::size_t window = 2;
  std::size_t stride = 2;

  [[nodiscard]] std::size_t out_height() const { return (in_height - window) / stride + 1; }
  [[nodiscard]] std::size_t out_width() const { return (in_width - window) / stride + 1; }
  [[nodiscard]] std::size_t in_count() const { return batch * in_height * in_width * channels; }
  [[nodiscard]] std::size_t out_count() const {
    return batch * out_height() * out_width() * channels;
  }
  bool operator==(const PoolShape&) const = default;
};

// Normalisation of each channel over a batch's pixels: `rows` pixels of `channels` numbers.
struct BatchNormShape {
  std::size_t rows = 0;
  std::size_t channels = 0;
  double epsilon = 1e-5;  // added to the variance
  Activation activation = Activation::kNone;

  [[nodiscard]] std::size_t count() const { return rows * channels; }
  bool operator==(const BatchNormShape&) const = default;
};

struct SoftmaxShape {
  std::size_t batch = 0;
  std::size_t classes = 0;
  bool operator==(const SoftmaxShape&) const = default;
};

}  // namespace kernels
