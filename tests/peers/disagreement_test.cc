// What estimates disagree on, against the identities that it is defined by.
#include "peers/disagreement.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "tests/support/catch.h"  // last: it takes over the name CHECK

namespace peers {
namespace {

using Points = std::vector<std::vector<float>>;

Points points() { return {{1.0F, -0.5F}, {0.25F, 2.0F}, {-0.75F, 0.5F}}; }

Disagreement among(const Points& points) { return Disagreement({points.begin(), points.end()}); }

// Of all kinds of terms that a cubic has; its Hessian is [6 x, 2 + y; 2 + y, x].
double cubic(std::span<const float> at) {
  const auto x = static_cast<double>(at[0]);
  const auto y = static_cast<double>(at[1]);
  return x * x * x + 2.0 * x * y + 0.5 * x * y * y + 3.0 * y;
}

// Tr(H Xi) of the cubic, Xi by its definition: with 1 / m, not 1 / (m - 1).
double curvature_by_hand(const Points& points) {
  double x = 0.0;
  double y = 0.0;
  const double m = static_cast<double>(points.size());
  for (const auto& point : points) {
    x += static_cast<double>(point[0]) / m;
    y += static_cast<double>(point[1]) / m;
  }
  double sum = 0.0;
  for (const auto& point : points) {
    const double dx = static_cast<double>(point[0]) - x;
    const double dy = static_cast<double>(point[1]) - y;
    sum += (6.0 * x * dx * dx + 2.0 * (2.0 + y) * dx * dy + x * dy * dy) / m;
  }
  return sum;
}

}  // namespace

TEST_CASE("along what estimates disagree on a cubic is as sharp as its Hessian says") {
  const Points at = points();
  const Sharpness found = sharpness_along(among(at), cubic, 2, 1);
  CHECK(found.curvature == Approx(curvature_by_hand(at)).epsilon(1e-6));
}

TEST_CASE(
    "gradients at the estimates are the gradient at the mean and half that of the curvature") {
  // The theorem itself: (1/m) sum_j dL(w_j) = dL(w_a) + 1/2 d Tr(H Xi), exact for a cubic.
  const Points at = points();
  const auto slope = [](std::span<const float> p) {
    const auto x = static_cast<double>(p[0]);
    const auto y = static_cast<double>(p[1]);
    return std::array{3.0 * x * x + 2.0 * y + 0.5 * y * y, 2.0 * x + x * y + 3.0};
  };
  const Disagreement disagreement = among(at);
  std::array<double, 2> of_estimates{};
  for (const auto& point : at)
    for (std::size_t k = 0; k < 2; ++k) of_estimates[k] += slope(point)[k] / 3.0;
  // Tr(H Xi) where the mean is moved and Xi is not.
  const auto curvature_at = [&](float dx, float dy) {
    Points moved = at;
    for (auto& point : moved) {
      point[0] += dx;
      point[1] += dy;
    }
    return sharpness_along(among(moved), cubic, 2, 1).curvature;
  };
  const std::array regular{0.25 * (curvature_at(1, 0) - curvature_at(-1, 0)),
                           0.25 * (curvature_at(0, 1) - curvature_at(0, -1))};
  for (std::size_t k = 0; k < 2; ++k)
    CHECK(of_estimates[k] == Approx(slope(disagreement.mean())[k] + regular[k]).epsilon(1e-5));
}

TEST_CASE("on a quadratic the loss rises by half the curvature") {
  const Points at = points();
  const LossOf bowl = [](std::span<const float> p) {
    const auto x = static_cast<double>(p[0]);
    const auto y = static_cast<double>(p[1]);
    return 2.0 * x * x + x * y + 3.0 * y * y - x;
  };
  const Sharpness found = sharpness_along(among(at), bowl, 4000, 7);
  CHECK(std::abs(found.rise - 0.5 * found.curvature) < 4.0 * found.rise_error);
  CHECK(found.rise_error < 0.05 * found.rise);
}

TEST_CASE("the trace is the mean square distance from the mean") {
  const Points two{{1.0F, 0.0F, 2.0F}, {3.0F, 0.0F, -2.0F}};
  CHECK(among(two).trace() == Approx(5.0));
  CHECK(among({two[0]}).trace() == 0.0);
  const Points alike{two[0], two[0]};
  CHECK(sharpness_along(
            among({alike}), [](auto at) { return std::exp(at[0]); }, 2, 1)
            .rise == 0.0);
}

TEST_CASE("draws scatter about the mean as the estimates do") {
  const Points at = points();
  const Disagreement disagreement = among(at);
  constexpr std::size_t kDraws = 40'000;
  std::array<double, 3> covariance{};
  std::array<double, 3> drawn{};
  const std::vector<float> mean = disagreement.mean();
  const auto add = [&](std::array<double, 3>& sum, std::span<const float> p, double share) {
    const double x = static_cast<double>(p[0]) - static_cast<double>(mean[0]);
    const double y = static_cast<double>(p[1]) - static_cast<double>(mean[1]);
    sum[0] += share * x * x;
    sum[1] += share * x * y;
    sum[2] += share * y * y;
  };
  for (const auto& point : at) add(covariance, point, 1.0 / 3.0);
  for (std::size_t i = 0; i < kDraws; ++i) add(drawn, disagreement.draw(3, i), 1.0 / kDraws);
  for (std::size_t k = 0; k < 3; ++k) CHECK(drawn[k] == Approx(covariance[k]).margin(0.03));
  CHECK(disagreement.draw(3, 5) == disagreement.draw(3, 5));
  CHECK(disagreement.draw(3, 5) != disagreement.draw(3, 6));
}

}  // namespace peers
