// Numbers in fewer bits: every instruction set that this machine has gives the same bits, and the
// bits are the nearest.

#include "kernels/cells.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "kernels/vector/loops.h"
#include "runtime/random.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

namespace {

namespace cells = kernels::cells;
namespace vector = kernels::vector;

constexpr std::size_t kLengths[] = {0, 1, 2, 7, 8, 15, 31, 32, 33, 255, 256, 257, 511, 1000};
constexpr std::uint16_t kSign = 0x8000;

// Of all magnitudes that a float has, with some of each kind of trouble.
std::vector<float> numbers_of_all_sizes(std::size_t count, std::uint64_t seed) {
  runtime::Random random(seed);
  std::vector<float> numbers(count);
  for (float& x : numbers)
    x = static_cast<float>(std::ldexp(random.normal(), static_cast<int>(random.below(276)) - 149));
  for (float& x : numbers)
    if (!std::isfinite(x)) x = std::numeric_limits<float>::max();
  if (count > 4) numbers[4] = -0.0F;
  return numbers;
}

std::vector<float> normals(std::size_t count, std::uint64_t seed) {
  runtime::Random random(seed);
  std::vector<float> numbers(count);
  for (float& x : numbers) x = static_cast<float>(random.normal());
  return numbers;
}

double squared_error(const std::vector<float>& x, const std::vector<float>& y) {
  double error = 0.0;
  double all = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    error += std::pow(static_cast<double>(x[i]) - static_cast<double>(y[i]), 2);
    all += std::pow(static_cast<double>(x[i]), 2);
  }
  return error / all;
}

// What one set of loops makes of `x`: every cell, scale and position, and the numbers decoded.
struct Made {
  std::vector<std::uint16_t> bf16, f16;
  std::vector<signed char> int8;
  std::vector<unsigned char> int4;
  std::vector<float> scales8, scales4, decoded;
  std::vector<std::uint32_t> positions;
  double magnitudes = 0.0;  // summed up
  bool operator==(const Made&) const = default;
};

Made made_by(const vector::Cells& loops, const std::vector<float>& x) {
  const std::size_t count = x.size();
  const std::size_t groups = cells::groups_of(count);
  Made made{.bf16 = std::vector<std::uint16_t>(count),
            .f16 = std::vector<std::uint16_t>(count),
            .int8 = std::vector<signed char>(count),
            .int4 = std::vector<unsigned char>(cells::int4_bytes(count)),
            .scales8 = std::vector<float>(groups),
            .scales4 = std::vector<float>(groups),
            .decoded = std::vector<float>(4 * count),
            .positions = std::vector<std::uint32_t>(count),
            .magnitudes = loops.sum_magnitudes(x.data(), count)};
  float* const decoded = made.decoded.data();
  loops.to_bf16(x.data(), made.bf16.data(), count);
  loops.to_f16(x.data(), made.f16.data(), count);
  loops.to_int8(x.data(), count, made.scales8.data(), made.int8.data());
  loops.to_int4(x.data(), count, made.scales4.data(), made.int4.data());
  CHECK(loops.from_bf16(made.bf16.data(), decoded, count));
  CHECK(loops.from_f16(made.f16.data(), decoded + count, count));
  loops.from_int8(made.scales8.data(), made.int8.data(), decoded + 2 * count, count);
  loops.from_int4(made.scales4.data(), made.int4.data(), decoded + 3 * count, count);
  made.positions.resize(loops.above(x.data(), 0.5F, count, made.positions.data(), count));
  return made;
}

std::vector<std::uint16_t> to_bf16(const std::vector<float>& x) {
  std::vector<std::uint16_t> made(x.size());
  cells::to_bf16(x, made);
  return made;
}
std::vector<std::uint16_t> to_f16(const std::vector<float>& x) {
  std::vector<std::uint16_t> made(x.size());
  cells::to_f16(x, made);
  return made;
}
float from_bf16(std::uint16_t cell) {
  float x = 0.0F;
  CHECK(cells::from_bf16({&cell, 1}, {&x, 1}));
  return x;
}
float from_f16(std::uint16_t cell) {
  float x = 0.0F;
  CHECK(cells::from_f16({&cell, 1}, {&x, 1}));
  return x;
}

// `cell` holds the nearest to x of those on either side, and the even one of two as near.
template <typename Decode>
void check_nearest(float x, std::uint16_t cell, std::uint16_t largest, Decode decode) {
  CAPTURE(x, cell);
  const std::uint16_t magnitude = cell & 0x7FFFU;
  CHECK((cell & kSign) == (std::signbit(x) ? kSign : 0));
  const auto miss = [&](unsigned near) {
    const auto value = static_cast<double>(decode(static_cast<std::uint16_t>(near)));
    return std::abs(std::abs(static_cast<double>(x)) - value);
  };
  for (const int step : {-1, 1}) {
    if ((magnitude == 0 && step < 0) || (magnitude == largest && step > 0)) continue;
    const double beside = miss(static_cast<unsigned>(magnitude + step));
    CHECK(miss(magnitude) <= beside);
    if (miss(magnitude) == beside) CHECK(magnitude % 2 == 0);
  }
}

}  // namespace

TEST_CASE("every instruction set makes the same cells and the same numbers") {
  const vector::InstructionSets& all = vector::available();
  REQUIRE(all.count >= 1);
  for (const std::size_t length : kLengths) {
    for (const auto& x : {numbers_of_all_sizes(length, length + 1), normals(length, length + 2)}) {
      const Made first = made_by(all.sets[0]->cells, x);
      for (std::size_t set = 1; set < all.count; ++set) {
        CAPTURE(all.sets[set]->name, length);
        CHECK(made_by(all.sets[set]->cells, x) == first);
      }
    }
  }
}

TEST_CASE("a number that fits a cell of 16 bits comes back, of either sign") {
  for (unsigned cell = 0; cell < 0x10000; ++cell) {
    const auto half = static_cast<std::uint16_t>(cell);
    if ((cell & 0x7FFFU) < 0x7F80) REQUIRE(to_bf16({from_bf16(half)})[0] == half);
    if ((cell & 0x7FFFU) < 0x7C00) REQUIRE(to_f16({from_f16(half)})[0] == half);
  }
}

TEST_CASE("halves are what their format says") {
  CHECK(from_f16(0x3C00) == 1.0F);
  CHECK(from_f16(0xC000) == -2.0F);
  CHECK(from_f16(0x7BFF) == 65504.0F);
  CHECK(from_f16(0x0400) == 0x1p-14F);
  CHECK(from_f16(0x0001) == 0x1p-24F);
  CHECK(from_bf16(0x3F80) == 1.0F);
  CHECK(from_bf16(0xC040) == -3.0F);
}

TEST_CASE("cells of 16 bits are the nearest, ties to even") {
  for (const float x : numbers_of_all_sizes(20000, 3))
    check_nearest(x, to_bf16({x})[0], 0x7F7F, from_bf16);
  for (const float x : normals(20000, 4)) check_nearest(x, to_f16({x})[0], 0x7BFF, from_f16);
  for (float x : normals(20000, 5)) {
    x *= 0x1p-15F;  // around the smallest normal half
    check_nearest(x, to_f16({x})[0], 0x7BFF, from_f16);
  }
  check_nearest(1.0F + 0x1p-8F, to_bf16({1.0F + 0x1p-8F})[0], 0x7F7F, from_bf16);
  check_nearest(1.0F + 0x1p-11F, to_f16({1.0F + 0x1p-11F})[0], 0x7BFF, from_f16);
  check_nearest(0x1p-25F, to_f16({0x1p-25F})[0], 0x7BFF, from_f16);
}

TEST_CASE("what a cell of 16 bits cannot hold saturates") {
  const float largest = std::numeric_limits<float>::max();
  CHECK(to_bf16({largest, -largest}) == std::vector<std::uint16_t>{0x7F7F, 0xFF7F});
  CHECK(to_f16({1e6F, -largest}) == std::vector<std::uint16_t>{0x7BFF, 0xFBFF});
}

TEST_CASE("cells of 16 bits that are no numbers are told, wherever they stand") {
  for (const std::size_t length : {1U, 16U, 33U, 100U}) {
    for (std::size_t at = 0; at < length; ++at) {
      std::vector<float> x(length);
      std::vector<std::uint16_t> made(length, 0x1234);
      made[at] = 0x7C00;
      CHECK_FALSE(cells::from_f16(made, x));
      made[at] = 0xFFFF;
      CHECK_FALSE(cells::from_f16(made, x));
      CHECK_FALSE(cells::from_bf16(made, x));
      made[at] = 0xFF80;
      CHECK_FALSE(cells::from_bf16(made, x));
    }
  }
}

TEST_CASE("integers with a scale keep half a step, and the largest is the largest") {
  const std::vector<float> x = normals(1000, 6);
  std::vector<float> scales(cells::groups_of(x.size()));
  std::vector<std::int8_t> made(x.size());
  std::vector<float> y(x.size());
  cells::to_int8(x, scales, made);
  cells::from_int8(scales, made, y);
  int largest = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    CHECK(std::abs(x[i] - y[i]) <= 0.50001F * scales[i / cells::kGroup]);
    largest = std::max(largest, std::abs(static_cast<int>(made[i])));
  }
  CHECK(largest == 127);
  CHECK(squared_error(x, y) < 6e-5);
}

TEST_CASE("integers made of decoded integers are the same") {
  for (const auto& x : {normals(1000, 7), numbers_of_all_sizes(1000, 8)}) {
    std::vector<float> scales(cells::groups_of(x.size()));
    std::vector<float> scales_again(scales.size());
    std::vector<float> y(x.size());
    std::vector<std::int8_t> int8(x.size());
    std::vector<std::int8_t> int8_again(x.size());
    cells::to_int8(x, scales, int8);
    cells::from_int8(scales, int8, y);
    cells::to_int8(y, scales_again, int8_again);
    CHECK(scales == scales_again);
    CHECK(int8 == int8_again);
    std::vector<std::uint8_t> int4(cells::int4_bytes(x.size()));
    std::vector<std::uint8_t> int4_again(int4.size());
    cells::to_int4(x, scales, int4);
    cells::from_int4(scales, int4, y);
    cells::to_int4(y, scales_again, int4_again);
    CHECK(scales == scales_again);
    CHECK(int4 == int4_again);
  }
}

TEST_CASE("groups of zeros and of next to nothing become zeros") {
  for (const float x : {0.0F, -0.0F, 1e-38F, std::numeric_limits<float>::denorm_min()}) {
    const std::vector<float> numbers(300, x);
    std::vector<float> scales(2, 9.0F);
    std::vector<std::int8_t> made(300, 9);
    cells::to_int8(numbers, scales, made);
    CHECK(scales == std::vector<float>(2, 0.0F));
    CHECK(made == std::vector<std::int8_t>(300, 0));
  }
}

TEST_CASE("the largest numbers saturate and stay finite") {
  const std::vector<float> x(1, std::numeric_limits<float>::max());
  std::vector<float> scales(1);
  std::vector<std::int8_t> made(1);
  std::vector<float> y(1);
  cells::to_int8(x, scales, made);
  CHECK(scales[0] == cells::kScaleMax);
  cells::from_int8(scales, made, y);
  CHECK(y[0] == 127.0F * cells::kScaleMax);
}

TEST_CASE("positions above a threshold come in order, as far as there is room") {
  const std::vector<float> x = normals(1000, 9);
  std::vector<std::uint32_t> expected;
  for (std::uint32_t i = 0; i < x.size(); ++i)
    if (std::abs(x[i]) > 2.0F) expected.push_back(i);
  std::vector<std::uint32_t> found(expected.size());
  CHECK(cells::above(x, 2.0F, found) == expected.size());
  CHECK(found == expected);
  found.pop_back();
  CHECK(cells::above(x, 2.0F, found) == found.size() + 1);
  CHECK(cells::above(x, 100.0F, {}) == 0);
  CHECK(cells::above({}, 0.0F, {}) == 0);
}
