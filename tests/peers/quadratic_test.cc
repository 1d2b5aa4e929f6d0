#include "peers/quadratic.h"

#include <cmath>

#include "kernels/open_backend.h"
#include "tests/support/catch.h"

TEST_CASE("a quadratic's loss and gradient are those on paper, in both precisions") {
  const auto scalar = GENERATE(kernels::Scalar::kF32, kernels::Scalar::kF64);
  const auto opened = kernels::open_backend({"cpu", 1});
  kernels::Backend& backend = *opened->backend;
  peers::Quadratic quadratic({.center = {1.0, 2.0},
                              .curvature = {2.0, 0.5},
                              .start = {3.0, 0.0},
                              .noise = 0.0,
                              .scalar = scalar},
                             runtime::Random(1), backend);
  kernels::Buffer z = backend.allocate(2, scalar);
  kernels::Buffer gradient = backend.allocate(2, scalar);
  quadratic.write_start(z.view());  // a host backend: its memory is ours
  quadratic.next_batch();
  CHECK(quadratic.gradient_at(z.view(), gradient.view()) == 5.0);  // 1/2 (2*4 + 0.5*4)
  CHECK(backend.dot(gradient.view(), gradient.view()) == 17.0);    // (4, -1)
}

TEST_CASE("gradient noise has the deviation that was asked for, and a batch keeps its own") {
  const auto opened = kernels::open_backend({"cpu", 1});
  kernels::Backend& backend = *opened->backend;
  constexpr std::size_t kCount = 20000;
  const std::vector<double> zeros(kCount, 0.0);
  peers::Quadratic quadratic({.center = zeros,
                              .curvature = zeros,
                              .start = zeros,
                              .noise = 0.5,
                              .scalar = kernels::Scalar::kF64},
                             runtime::Random(7), backend);
  kernels::Buffer z = backend.allocate(kCount, kernels::Scalar::kF64);
  kernels::Buffer first = backend.allocate(kCount, kernels::Scalar::kF64);
  kernels::Buffer second = backend.allocate(kCount, kernels::Scalar::kF64);
  quadratic.next_batch();
  quadratic.gradient_at(z.view(), first.view());
  quadratic.gradient_at(z.view(), second.view());
  const double power = backend.dot(first.view(), first.view());
  CHECK(std::sqrt(power / kCount) == Approx(0.5).margin(0.01));
  CHECK(backend.dot(first.view(), second.view()) == power);  // asked twice of one batch: the same
  quadratic.next_batch();
  quadratic.gradient_at(z.view(), second.view());
  CHECK(std::abs(backend.dot(first.view(), second.view())) < 0.05 * power);
}
