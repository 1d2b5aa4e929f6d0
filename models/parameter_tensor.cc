#include "models/parameter_tensor.h"

#include "runtime/check.h"

namespace models {
namespace {

// (outer, channel, pixel) as one row-major number, to (outer, pixel, channel).
std::size_t channels_last(std::size_t index, std::size_t channels, std::size_t pixels) {
  const std::size_t pixel = index % pixels;
  const std::size_t channel = index / pixels % channels;
  const std::size_t outer = index / pixels / channels;
  return (outer * pixels + pixel) * channels + channel;
}

}  // namespace

std::size_t stored_index(const ParameterTensor& tensor, std::size_t file_index) {
  CHECK(file_index < tensor.count);
  const ImageShape& image = tensor.storage.image;
  switch (tensor.storage.order) {
    case Order::kPlain:
      break;
    case Order::kConv:
      CHECK(tensor.shape.size() == 4);
      return channels_last(file_index, tensor.shape[1], tensor.shape[2] * tensor.shape[3]);
    case Order::kFlattened:
      return channels_last(file_index, image.channels, image.height * image.width);
  }
  return file_index;
}

}  // namespace models
