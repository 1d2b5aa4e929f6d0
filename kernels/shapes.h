#pragma once
// Shapes of the operators. Images are channels-last (batch, height, width, channels) on every
// device: what oneDNN and cuDNN are fastest with. A sequence of tokens is an image one pixel wide.
// A convolution's weight is (out_channels, kernel_height, kernel_width, in_channels / groups), a
// dense layer's (outputs, inputs), both row-major.

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

// Normalisation of each row by its own mean and variance: `rows` tokens of `columns` channels.
struct LayerNormShape {
  std::size_t rows = 0;
  std::size_t columns = 0;
  double epsilon = 1e-5;  // added to the variance

  [[nodiscard]] std::size_t count() const { return rows * columns; }
  bool operator==(const LayerNormShape&) const = default;
};

// A matrix, and one row that is added to all of its rows.
struct RowsShape {
  std::size_t rows = 0;
  std::size_t columns = 0;

  [[nodiscard]] std::size_t count() const { return rows * columns; }
  bool operator==(const RowsShape&) const = default;
};

// `rows` tokens, each looked up in a table (vocabulary, width), row-major.
struct EmbeddingShape {
  std::size_t rows = 0;
  std::size_t vocabulary = 0;
  std::size_t width = 0;

  [[nodiscard]] std::size_t out_count() const { return rows * width; }
  [[nodiscard]] std::size_t table_count() const { return vocabulary * width; }
  bool operator==(const EmbeddingShape&) const = default;
};

// Scaled dot-product attention of several heads side by side. In: for each token its queries, its
// keys, its values, heads x width of each, one head after the other. Out: heads x width a token.
// (Vaswani et al. 2017.)
struct AttentionShape {
  std::size_t batch = 0;
  std::size_t tokens = 0;
  std::size_t heads = 0;
  std::size_t width = 0;  // of one head
  bool causal = false;    // a token attends to itself and to those before it

  [[nodiscard]] std::size_t channels() const { return heads * width; }
  [[nodiscard]] std::size_t in_count() const { return 3 * out_count(); }
  [[nodiscard]] std::size_t out_count() const { return batch * tokens * channels(); }
  bool operator==(const AttentionShape&) const = default;
};

// Which numbers of a vector dropout lets through: number i follows from a key (kernels/dropout.h)
// and i alone, the same on every device, so that a mask need not be kept. The key lies in the
// device's memory, beside the numbers: what has been recorded with one is done with another.
struct DropoutMask {
  double probability = 0.0;  // of being dropped, in [0, 1)
};

// A random projection of a long vector onto `width` sums, a power of two. Coordinates come in runs
// of `width`, each run rotated by a number of its own, and every coordinate has a sign of its own.
// Both follow from the seed by runtime::mix_bits(): the rotation of run r is mix(seed ^ mix(~r)),
// the sign of coordinate c bit c % 64 of mix(seed + mix(c / 64)). (A count sketch: Charikar, Chen,
// Farach-Colton 2002.)
struct SketchShape {
  std::size_t width = 0;
  std::uint64_t seed = 0;
  std::size_t first = 0;  // the coordinate of the first number
};

// Windows as large as an image, cut out of the images of a table when each has `padding` zeros on
// all sides.
struct CropShape {
  std::size_t batch = 0;   // windows
  std::size_t images = 0;  // in the table
  std::size_t height = 0;
  std::size_t width = 0;
  std::size_t channels = 0;
  std::size_t padding = 0;

  [[nodiscard]] std::size_t count() const { return height * width * channels; }  // of an image
  bool operator==(const CropShape&) const = default;
};

// Labels are spread: each class is asked for with smoothing / classes, the label with the rest.
// (Szegedy et al. 2016.)
struct SoftmaxShape {
  std::size_t batch = 0;
  std::size_t classes = 0;
  double smoothing = 0.0;  // in [0, 1]
  bool operator==(const SoftmaxShape&) const = default;
};

}  // namespace kernels
