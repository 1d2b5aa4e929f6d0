#pragma once
// Bytes of 0..255 to what networks read. Tables of 256 entries: no division a pixel.

#include <array>
#include <cstdint>
#include <span>

namespace models {

// Grey values: (value / 255 - 0.13) / 0.6, for every set of grey images here. 0.13 is about the
// mean of drawings on black. The scale is half of what gives them deviation 1: with learning rate
// 0.05 and momentum 0.9 LeNet-5 is at the edge of stability, and smaller inputs make that edge less
// sharp.
void normalise(std::span<const std::uint8_t> pixels, std::span<float> out);

// Of the values of one channel over a whole set, as shares of 255.
struct ChannelMoments {
  float mean = 0.0F;
  float deviation = 1.0F;
};

// Red, green and blue in turns, each (value / 255 - mean) / deviation of its channel.
class RgbScale {
 public:
  explicit RgbScale(const std::array<ChannelMoments, 3>& channels);

  void normalise(std::span<const std::uint8_t> pixels, std::span<float> out) const;

 private:
  std::array<std::array<float, 256>, 3> tables_;
};

}  // namespace models
