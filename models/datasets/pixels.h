#pragma once

#include <cstdint>
#include <span>

namespace models {

// Grey values of 0..255 to what networks read: (value / 255 - 0.13) / 0.6, for every set of grey
// images here. 0.13 is about the mean of drawings on black. The scale is half of what gives them
// deviation 1: with learning rate 0.05 and momentum 0.9 LeNet-5 is at the edge of stability, and
// smaller inputs make that edge less sharp.
void normalise(std::span<const std::uint8_t> pixels, std::span<float> out);

}  // namespace models
