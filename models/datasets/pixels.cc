#include "models/datasets/pixels.h"

#include <array>
#include <cstddef>

#include "runtime/check.h"

namespace models {
namespace {

constexpr std::array<float, 256> make_table() {
  std::array<float, 256> table{};
  for (std::size_t value = 0; value < table.size(); ++value)
    table[value] = (static_cast<float>(value) / 255.0F - 0.13F) / 0.6F;
  return table;
}

constexpr std::array<float, 256> kNormalised = make_table();

}  // namespace

void normalise(std::span<const std::uint8_t> pixels, std::span<float> out) {
  CHECK(pixels.size() == out.size());
  for (std::size_t i = 0; i < pixels.size(); ++i) out[i] = kNormalised[pixels[i]];
}

}  // namespace models
