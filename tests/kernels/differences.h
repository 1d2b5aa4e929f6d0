#pragma once
// Holds backward passes of the reference to central differences of its forward passes, in f64.

#include <cmath>
#include <cstdint>

#include "tests/kernels/operands.h"
#include "tests/support/catch.h"

namespace differences {

using operands::Backend;
using operands::Operands;
using Views = std::span<const operands::View>;

inline constexpr double kStep = 1e-5;
inline constexpr double kTolerance = 1e-8;

// A function of its operands, as a number: sum(result * coefficients), so that the derivative with
// respect to the result is `coefficients`.
template <typename Forward>
double value_at(const Operands<double>& at, std::size_t result,
                const std::vector<double>& coefficients, Forward forward) {
  const auto reference = operands::open_reference();
  const Operands<double> end = operands::run_on(*reference, at, forward);
  double value = 0.0;
  for (std::size_t i = 0; i < coefficients.size(); ++i) value += end[result][i] * coefficients[i];
  return value;
}

// What is differentiated with respect to which operand, and where it is written.
struct Derivative {
  std::size_t of_operand;
  std::size_t written_to;
};

// Operands: `result` is where forward writes, `d_result` what backward is given.
struct Roles {
  std::size_t result;
  std::size_t d_result;
};

template <typename Forward, typename Backward>
void check_gradients(Operands<double> at, const Roles& roles,
                     std::span<const Derivative> derivatives, Forward forward, Backward backward) {
  const auto reference = operands::open_reference();
  const std::vector<double> coefficients = at[roles.d_result];
  const Operands<double> end = operands::run_on(*reference, at, [&](Backend& backend, Views v) {
    forward(backend, v);
    backward(backend, v);
  });
  for (const Derivative& derivative : derivatives)
    for (std::size_t i = 0; i < at[derivative.of_operand].size(); ++i) {
      CAPTURE(derivative.of_operand, i);
      double& x = at[derivative.of_operand][i];
      const double middle = x;
      x = middle + kStep;
      const double above = value_at(at, roles.result, coefficients, forward);
      x = middle - kStep;
      const double below = value_at(at, roles.result, coefficients, forward);
      x = middle;
      const double expected = (above - below) / (2.0 * kStep);
      CHECK(std::abs(end[derivative.written_to][i] - expected) <= kTolerance);
    }
}

inline Operands<double> random_operands(const std::vector<std::size_t>& counts,
                                        std::uint64_t seed) {
  runtime::Random random(seed);
  Operands<double> start;
  start.reserve(counts.size());
  for (const std::size_t count : counts)
    start.push_back(operands::random_numbers<double>(count, random));
  return start;
}

}  // namespace differences
