#pragma once
// Holds what an operator does on every device to what it does on the reference.

#include <algorithm>
#include <cmath>

#include "tests/kernels/operands.h"
#include "tests/support/catch.h"

namespace agreement {

using operands::Backend;
using operands::Operands;

// How far a result may be off: so much of its largest number, or of `scale` where that is more (a
// difference of probabilities is no more exact than they are).
struct Tolerance {
  double relative;
  double scale = 0.0;
};

// All operands, read and written, are as the reference leaves them.
template <typename T>
void check_same(const Operands<T>& expected, const Operands<T>& got, const Tolerance& tolerance) {
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CAPTURE(i);
    double largest = tolerance.scale;
    double error = 0.0;
    for (std::size_t j = 0; j < expected[i].size(); ++j) {
      const auto want = static_cast<double>(expected[i][j]);
      const auto have = static_cast<double>(got[i][j]);
      REQUIRE(std::isfinite(have));
      largest = std::max(largest, std::abs(want));
      error = std::max(error, std::abs(want - have));
    }
    CAPTURE(largest, error);
    CHECK(error <= tolerance.relative * largest);
  }
}

// Runs `action` on the oracle and on each of `devices` from the same start.
template <typename T, typename Action>
void check_agreement(Backend& oracle, const operands::Devices& devices, const Operands<T>& start,
                     const Tolerance& tolerance, Action action) {
  const Operands<T> expected = operands::run_on(oracle, start, action);
  for (const auto& device : devices) {
    CAPTURE(device->description());
    check_same(expected, operands::run_on(*device, start, action), tolerance);
  }
}

// The same with the reference and every device.
template <typename T, typename Action>
void check_agreement(const Operands<T>& start, const Tolerance& tolerance, Action action) {
  check_agreement(*operands::open_reference(), operands::devices(), start, tolerance, action);
}

}  // namespace agreement
