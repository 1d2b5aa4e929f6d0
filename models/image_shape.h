#pragma once

#include <cstddef>

namespace models {

// One sample, or what one layer makes of it: channels last, like everything in kernels/. A vector
// is an image of one pixel with many channels.
struct ImageShape {
  std::size_t height = 1;
  std::size_t width = 1;
  std::size_t channels = 1;

  [[nodiscard]] std::size_t count() const { return height * width * channels; }
  bool operator==(const ImageShape&) const = default;
};

}  // namespace models
