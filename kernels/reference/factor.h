#pragma once

#include <algorithm>
#include <span>
#include <type_traits>
#include <vector>

#include "kernels/precision.h"

namespace kernels::reference {

// One factor of a product, as `precision` has it: the numbers themselves, or a copy of them
// rounded. Outlived by the numbers.
template <typename T>
class Factor {
 public:
  Factor(Precision precision, std::span<const T> numbers) : numbers_(numbers) {
    if constexpr (std::is_same_v<T, float>) {
      if (precision == Precision::kF32) return;
      rounded_.resize(numbers.size());
      std::ranges::transform(numbers, rounded_.begin(),
                             precision == Precision::kBf16 ? nearest_bf16 : nearest_tf32);
      numbers_ = rounded_;
    }
  }
  Factor(const Factor&) = delete;
  Factor& operator=(const Factor&) = delete;
  ~Factor() = default;

  [[nodiscard]] double operator[](std::size_t i) const { return static_cast<double>(numbers_[i]); }

 private:
  std::span<const T> numbers_;
  std::vector<T> rounded_;
};

}  // namespace kernels::reference
