#pragma once
// Where a named tensor lies in the flat parameter buffer, and in which order.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "models/image_shape.h"

namespace models {

// Files have PyTorch's order of elements; our buffers have the order that channels-last kernels
// read.
enum class Order : std::uint8_t {
  kPlain,      // the same in both
  kConv,       // file: out, in, height, width; ours: out, height, width, in
  kFlattened,  // a dense layer over an image; columns in the file: channel, height, width; ours:
               // height, width, channel
};

struct Storage {
  Order order = Order::kPlain;
  ImageShape image;  // kFlattened: the image whose elements the columns are
};

// Name and shape as PyTorch has them ("conv1.weight", [6, 1, 5, 5]); offset and count in elements
// of the flat buffer.
struct ParameterTensor {
  std::string name;
  std::vector<std::size_t> shape;
  std::size_t offset = 0;
  std::size_t count = 0;
  Storage storage;
};

// Which element of our tensor (from its offset on) a file's element `file_index` is. A bijection on
// [0, count).
[[nodiscard]] std::size_t stored_index(const ParameterTensor& tensor, std::size_t file_index);

}  // namespace models
