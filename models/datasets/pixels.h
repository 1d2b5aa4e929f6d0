#pragma once

#include <cstdint>
#include <span>

namespace models {

// Grey values of 0..255 to what networks read: (value / 255 - 0.1307) / 0.3081. The constants are
// the mean and the deviation of MNIST's training images; every set of grey images here uses them.
void normalise(std::span<const std::uint8_t> pixels, std::span<float> out);

}  // namespace models
