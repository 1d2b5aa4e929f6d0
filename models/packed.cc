#include "models/packed.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <span>
#include <type_traits>

#include "runtime/check.h"

namespace models {
namespace {

constexpr std::size_t kWordBits = 64;

// Calls action(T{}) for the type of real numbers that `scalar` names.
template <typename Action>
void with_real(kernels::Scalar scalar, Action action) {
  CHECK(kernels::is_real(scalar));
  if (scalar == kernels::Scalar::kF64)
    action(double{});
  else
    action(float{});
}

std::size_t kept_count(std::size_t count, double dropped) {
  return count - static_cast<std::size_t>(dropped * static_cast<double>(count));
}

// Magnitudes order as their bits do.
template <typename T>
auto magnitude(T x) {
  using Bits = std::conditional_t<sizeof(T) == 8, std::uint64_t, std::uint32_t>;
  return static_cast<Bits>(std::bit_cast<Bits>(x) << 1U);
}

template <typename Bits>
struct Threshold {
  Bits magnitude = 0;     // all above are kept, and ...
  std::size_t equal = 0;  // ... so many that are equal
};

// The `keep`-th largest magnitude, digit by digit from the top: no copy of the numbers, which would
// be the memory that is to be saved.
template <typename T>
auto threshold(std::span<const T> numbers, std::size_t keep) {
  using Bits = decltype(magnitude(T{}));
  constexpr unsigned kDigit = 8;
  constexpr unsigned kBits = 8 * sizeof(Bits);
  Threshold<Bits> found{.magnitude = 0, .equal = keep};
  Bits known = 0;  // the digits that are settled
  for (unsigned shift = kBits; shift > 0;) {
    shift -= kDigit;
    std::array<std::size_t, std::size_t{1} << kDigit> counts{};
    for (const T x : numbers) {
      const Bits bits = magnitude(x);
      if ((bits & known) == found.magnitude) ++counts[(bits >> shift) & (counts.size() - 1)];
    }
    std::size_t digit = counts.size() - 1;
    while (counts[digit] < found.equal && digit > 0) found.equal -= counts[digit--];
    found.magnitude |= static_cast<Bits>(static_cast<Bits>(digit) << shift);
    known |= static_cast<Bits>(static_cast<Bits>(counts.size() - 1) << shift);
  }
  return found;
}

}  // namespace

void PositiveMask::write(kernels::ConstView numbers) {
  CHECK(numbers.count() <= words_.size() * kWordBits);
  with_real(numbers.scalar(), [&](auto zero) {
    const auto from = numbers.as<decltype(zero)>();
    for (std::size_t start = 0; start < from.size(); start += kWordBits) {
      std::uint64_t word = 0;
      const std::size_t size = std::min(kWordBits, from.size() - start);
      for (std::size_t i = 0; i < size; ++i)
        word |= std::uint64_t{from[start + i] > zero ? 1U : 0U} << i;
      words_[start / kWordBits] = word;
    }
  });
}

void PositiveMask::read(kernels::View numbers) const {
  CHECK(numbers.count() <= words_.size() * kWordBits);
  with_real(numbers.scalar(), [&](auto zero) {
    using T = decltype(zero);
    const auto to = numbers.as<T>();
    for (std::size_t i = 0; i < to.size(); ++i)
      to[i] = static_cast<T>(words_[i / kWordBits] >> (i % kWordBits) & 1U);
  });
}

LargestNumbers::LargestNumbers(std::size_t count_max, double dropped, kernels::Scalar scalar)
    : dropped_(dropped),
      words_((count_max + kWordBits - 1) / kWordBits),
      // A smaller vector may keep one more than its share of the largest.
      values_(kept_count(count_max, dropped) * kernels::bytes_of(scalar)) {
  CHECK(dropped >= 0.0 && dropped < 1.0);
}

template <typename T>
void LargestNumbers::write_as(std::span<const T> numbers) {
  const std::size_t keep = kept_count(numbers.size(), dropped_);
  CHECK(numbers.size() <= words_.size() * kWordBits && keep * sizeof(T) <= values_.size());
  auto [least, equal] = threshold(numbers, keep);
  std::ranges::fill(words_, 0);
  std::byte* to = values_.data();
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto size = magnitude(numbers[i]);
    if (size < least || (size == least && equal == 0)) continue;
    if (size == least) --equal;
    words_[i / kWordBits] |= std::uint64_t{1} << (i % kWordBits);
    std::memcpy(to, &numbers[i], sizeof(T));
    to += sizeof(T);
  }
}

template <typename T>
void LargestNumbers::read_as(std::span<T> numbers) const {
  CHECK(numbers.size() <= words_.size() * kWordBits);
  std::ranges::fill(numbers, T{0});
  const std::byte* from = values_.data();
  for (std::size_t word = 0; word * kWordBits < numbers.size(); ++word) {
    for (std::uint64_t bits = words_[word]; bits != 0; bits &= bits - 1) {
      const auto bit = static_cast<std::size_t>(std::countr_zero(bits));
      std::memcpy(&numbers[word * kWordBits + bit], from, sizeof(T));
      from += sizeof(T);
    }
  }
}

void LargestNumbers::write(kernels::ConstView numbers) {
  with_real(numbers.scalar(), [&](auto zero) { write_as(numbers.as<decltype(zero)>()); });
}

void LargestNumbers::read(kernels::View numbers) const {
  with_real(numbers.scalar(), [&](auto zero) { read_as(numbers.as<decltype(zero)>()); });
}

}  // namespace models
