#include "models/datasets/pixels.h"

#include <cstddef>

#include "runtime/check.h"

namespace models {
namespace {

using Table = std::array<float, 256>;

constexpr Table table_of(ChannelMoments moments) {
  Table table{};
  for (std::size_t value = 0; value < table.size(); ++value)
    table[value] = (static_cast<float>(value) / 255.0F - moments.mean) / moments.deviation;
  return table;
}

constexpr Table kGrey = table_of({.mean = 0.13F, .deviation = 0.6F});

}  // namespace

void normalise(std::span<const std::uint8_t> pixels, std::span<float> out) {
  CHECK(pixels.size() == out.size());
  for (std::size_t i = 0; i < pixels.size(); ++i) out[i] = kGrey[pixels[i]];
}

RgbScale::RgbScale(const std::array<ChannelMoments, 3>& channels)
    : tables_{table_of(channels[0]), table_of(channels[1]), table_of(channels[2])} {}

void RgbScale::normalise(std::span<const std::uint8_t> pixels, std::span<float> out) const {
  CHECK(pixels.size() == out.size() && pixels.size() % 3 == 0);
  for (std::size_t i = 0; i < pixels.size(); i += 3)
    for (std::size_t channel = 0; channel < 3; ++channel)
      out[i + channel] = tables_[channel][pixels[i + channel]];
}

}  // namespace models
