#include "kernels/cells.h"

#include "kernels/vector/loops.h"
#include "runtime/check.h"

namespace kernels::cells {
namespace {

const vector::Cells& loops() {
  const vector::InstructionSets& all = vector::available();
  return all.sets[all.count - 1]->cells;
}

}  // namespace

void to_bf16(std::span<const float> x, std::span<std::uint16_t> cells) {
  CHECK(x.size() == cells.size());
  loops().to_bf16(x.data(), cells.data(), x.size());
}

void to_f16(std::span<const float> x, std::span<std::uint16_t> cells) {
  CHECK(x.size() == cells.size());
  loops().to_f16(x.data(), cells.data(), x.size());
}

bool from_bf16(std::span<const std::uint16_t> cells, std::span<float> x) {
  CHECK(x.size() == cells.size());
  return loops().from_bf16(cells.data(), x.data(), x.size());
}

bool from_f16(std::span<const std::uint16_t> cells, std::span<float> x) {
  CHECK(x.size() == cells.size());
  return loops().from_f16(cells.data(), x.data(), x.size());
}

void to_int8(std::span<const float> x, std::span<float> scales, std::span<std::int8_t> cells) {
  CHECK(x.size() == cells.size() && scales.size() == groups_of(x.size()));
  loops().to_int8(x.data(), x.size(), scales.data(), cells.data());
}

void from_int8(std::span<const float> scales, std::span<const std::int8_t> cells,
               std::span<float> x) {
  CHECK(x.size() == cells.size() && scales.size() == groups_of(x.size()));
  loops().from_int8(scales.data(), cells.data(), x.data(), x.size());
}

void to_int4(std::span<const float> x, std::span<float> scales, std::span<std::uint8_t> cells) {
  CHECK(cells.size() == int4_bytes(x.size()) && scales.size() == groups_of(x.size()));
  loops().to_int4(x.data(), x.size(), scales.data(), cells.data());
}

void from_int4(std::span<const float> scales, std::span<const std::uint8_t> cells,
               std::span<float> x) {
  CHECK(cells.size() == int4_bytes(x.size()) && scales.size() == groups_of(x.size()));
  loops().from_int4(scales.data(), cells.data(), x.data(), x.size());
}

std::size_t above(std::span<const float> x, float threshold, std::span<std::uint32_t> positions) {
  CHECK(threshold >= 0.0F);
  return loops().above(x.data(), threshold, x.size(), positions.data(), positions.size());
}

float mean_magnitude(std::span<const float> x) {
  if (x.empty()) return 0.0F;
  const double sum = loops().sum_magnitudes(x.data(), x.size());
  return static_cast<float>(sum / static_cast<double>(x.size()));
}

}  // namespace kernels::cells
