#pragma once
// Activations in less memory, for the time between a forward pass and its backward pass. On the
// host only.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/view.h"

namespace models {

// Which numbers of a vector are above zero: one bit each.
class PositiveMask {
 public:
  PositiveMask() = default;
  explicit PositiveMask(std::size_t count_max) : words_((count_max + 63) / 64) {}

  void write(kernels::ConstView numbers);
  void read(kernels::View numbers) const;  // as many as were written: 1 where above zero, else 0
  [[nodiscard]] std::size_t bytes() const { return words_.size() * sizeof(words_[0]); }

 private:
  std::vector<std::uint64_t> words_;
};

// The numbers of a vector whose magnitudes are largest, exactly; what is dropped reads as zero. One
// bit a number says which are kept: from a share of 3 per cent dropped that is less than the
// vector, where indices of 32 bits would begin to pay at a half. (DropIT, Chen et al. 2023,
// "min-k".)
class LargestNumbers {
 public:
  LargestNumbers() = default;
  // `dropped`, a share in [0, 1): of n numbers, n dropped go, rounded down.
  LargestNumbers(std::size_t count_max, double dropped, kernels::Scalar scalar);

  // Among equals the first are kept, so that the same numbers leave the same.
  void write(kernels::ConstView numbers);
  void read(kernels::View numbers) const;
  [[nodiscard]] std::size_t bytes() const {
    return words_.size() * sizeof(words_[0]) + values_.size();
  }

 private:
  template <typename T>
  void write_as(std::span<const T> numbers);
  template <typename T>
  void read_as(std::span<T> numbers) const;

  double dropped_ = 0.0;
  std::vector<std::uint64_t> words_;
  std::vector<std::byte> values_;
};

}  // namespace models
