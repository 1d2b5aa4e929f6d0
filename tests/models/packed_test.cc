#include "models/packed.h"

#include <cmath>
#include <vector>

#include "runtime/random.h"
#include "tests/support/catch.h"

namespace {

using models::LargestNumbers;
using models::PositiveMask;

template <typename T>
std::vector<T> kept_of(std::vector<T> numbers, double dropped) {
  LargestNumbers largest(numbers.size(), dropped, kernels::kScalarOf<T>);
  largest.write(std::span<const T>(numbers));
  largest.read(std::span<T>(numbers));
  return numbers;
}

std::vector<float> drawn(std::size_t count, runtime::Random& random) {
  std::vector<float> numbers(count);
  for (float& x : numbers) x = static_cast<float>(random.normal());
  return numbers;
}

constexpr std::size_t kRows = 256;
constexpr std::size_t kColumns = 512;
constexpr std::size_t kOutputs = 64;

// G^T x of a dense layer.
std::vector<double> weight_gradient(const std::vector<float>& in, const std::vector<float>& d_out) {
  std::vector<double> gradient(kOutputs * kColumns, 0.0);
  for (std::size_t row = 0; row < kRows; ++row)
    for (std::size_t o = 0; o < kOutputs; ++o)
      for (std::size_t c = 0; c < kColumns; ++c)
        gradient[o * kColumns + c] += static_cast<double>(d_out[row * kOutputs + o]) *
                                      static_cast<double>(in[row * kColumns + c]);
  return gradient;
}

double cosine(const std::vector<double>& a, const std::vector<double>& b) {
  double ab = 0.0;
  double aa = 0.0;
  double bb = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += a[i] * b[i];
    aa += a[i] * a[i];
    bb += b[i] * b[i];
  }
  return ab / std::sqrt(aa * bb);
}

// Of a dense layer's weight gradients, with and without what is dropped of its input.
double cosine_after(const std::vector<float>& in, double dropped) {
  runtime::Random random(7);
  const std::vector<float> d_out = drawn(kRows * kOutputs, random);
  return cosine(weight_gradient(in, d_out), weight_gradient(kept_of(in, dropped), d_out));
}

}  // namespace

TEST_CASE("a mask of no numbers is read as none, and of some as their signs") {
  PositiveMask none;
  none.write(std::span<const float>());
  none.read(std::span<float>());
  CHECK(none.bytes() == 0);

  std::vector<float> numbers{-1.0F, 0.0F, -0.0F, 1e-30F, 5.0F};
  PositiveMask mask(numbers.size());
  mask.write(std::span<const float>(numbers));
  mask.read(std::span<float>(numbers));
  CHECK(numbers == std::vector<float>{0, 0, 0, 1, 1});
  CHECK(mask.bytes() == 8);
}

TEST_CASE("the largest magnitudes are kept as they are, the others read as zero") {
  CHECK(kept_of(std::vector<double>{-5, 1, 2, -3, 4}, 0.6) == std::vector<double>{-5, 0, 0, 0, 4});
  CHECK(kept_of(std::vector<float>{}, 0.5).empty());
  CHECK(kept_of(std::vector<float>{3}, 0.9) == std::vector<float>{3});
}

TEST_CASE("nothing is dropped of numbers that a share of comes to less than one") {
  runtime::Random random(1);
  const std::vector<float> numbers = drawn(99, random);
  CHECK(kept_of(numbers, 0.0) == numbers);
  CHECK(kept_of(numbers, 0.01) == numbers);
}

TEST_CASE("of equal magnitudes the first are kept") {
  CHECK(kept_of(std::vector<float>{1, -1, 1, 1}, 0.5) == std::vector<float>{1, -1, 0, 0});
  CHECK(kept_of(std::vector<float>{0, 0, 0, 2}, 0.5) == std::vector<float>{0, 0, 0, 2});
}

TEST_CASE("what is kept is what sorting by magnitude would keep") {
  runtime::Random random(2);
  for (const std::size_t count : {64U, 65U, 1000U}) {
    const std::vector<float> numbers = drawn(count, random);
    const std::vector<float> kept = kept_of(numbers, 0.75);
    double least = 1e9;
    double largest_dropped = 0.0;
    std::size_t keeps = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const double size = std::abs(static_cast<double>(numbers[i]));
      if (kept[i] != 0.0F) {
        CHECK(kept[i] == numbers[i]);
        least = std::min(least, size);
        ++keeps;
      } else {
        largest_dropped = std::max(largest_dropped, size);
      }
    }
    CHECK(keeps == count - static_cast<std::size_t>(0.75 * static_cast<double>(count)));
    CHECK(least >= largest_dropped);
  }
}

TEST_CASE("memory written for many serves fewer") {
  LargestNumbers largest(100, 0.9, kernels::Scalar::kF32);
  std::vector<float> few{1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  largest.write(std::span<const float>(few));
  largest.read(std::span<float>(few));
  CHECK(few == std::vector<float>{0, 0, 0, 0, 0, 0, 0, 0, 0, 10});
}

TEST_CASE("nine tenths dropped leave an eighth of the bytes, or little more") {
  const LargestNumbers largest(1'000'000, 0.9, kernels::Scalar::kF32);
  CHECK(largest.bytes() < 530'000);
  CHECK(largest.bytes() > 520'000);
}

TEST_CASE("weight gradients turn away from the exact ones as far as published") {
  runtime::Random random(3);
  std::vector<float> normal = drawn(kRows * kColumns, random);
  CHECK(cosine_after(normal, 0.5) == Approx(0.96).margin(0.01));
  CHECK(cosine_after(normal, 0.7) == Approx(0.89).margin(0.01));
  CHECK(cosine_after(normal, 0.9) == Approx(0.66).margin(0.01));
  std::vector<float> positive = normal;
  for (float& x : positive) x = std::max(x, 0.0F);
  CHECK(cosine_after(positive, 0.49) == Approx(1.0).margin(1e-6));
  CHECK(cosine_after(positive, 0.7) == Approx(0.98).margin(0.01));
  CHECK(cosine_after(positive, 0.9) == Approx(0.81).margin(0.01));
}
