#include "peers/logistic.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <utility>

#include "runtime/check.h"

namespace peers {
namespace {

constexpr std::size_t kDrawnPoints = 64;
// Streams of the run's seed.
constexpr std::uint64_t kTruthStream = 4ULL << 32U;
constexpr std::uint64_t kPointsStream = 5ULL << 32U;

std::vector<double> normals(runtime::Random& random) {
  std::vector<double> numbers(kDrawnFeatures);
  std::ranges::generate(numbers, [&] { return random.normal(); });
  return numbers;
}

double inner_product(std::span<const double> a, std::span<const double> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

double sigmoid(double margin) { return 1.0 / (1.0 + std::exp(-margin)); }

}  // namespace

LabelledPoints draw_points(std::uint64_t seed, std::uint64_t peer) {
  runtime::Random of_all(seed, kTruthStream);
  const std::vector<double> truth = normals(of_all);
  runtime::Random random(seed, kPointsStream + peer);
  const std::vector<double> place = normals(random);
  LabelledPoints points;
  for (std::size_t j = 0; j < kDrawnPoints; ++j) {
    std::vector<double> features = normals(random);
    std::ranges::transform(features, place, features.begin(), std::plus());
    points.features.insert(points.features.end(), features.begin(), features.end());
    points.labels.push_back(random.uniform() < sigmoid(inner_product(features, truth)) ? 1 : 0);
  }
  return points;
}

Logistic::Logistic(LabelledPoints points, double l2, Options options, runtime::Random random,
                   kernels::Backend& backend)
    : Synthetic(std::move(options), random, backend), points_(std::move(points)), l2_(l2) {
  CHECK(!points_.labels.empty());
  CHECK(points_.features.size() == points_.labels.size() * parameter_count());
}

double Logistic::value_of(std::span<const double> z, std::span<double> gradient) const {
  const auto count = static_cast<double>(points_.labels.size());
  double loss = 0.0;
  std::ranges::fill(gradient, 0.0);
  for (std::size_t j = 0; j < points_.labels.size(); ++j) {
    const auto features = std::span(points_.features).subspan(j * z.size(), z.size());
    const double sign = points_.labels[j] == 1 ? 1.0 : -1.0;
    const double margin = sign * inner_product(features, z);
    // log(1 + exp(-m)), without overflow where m is far below zero.
    loss += std::log1p(std::exp(-std::abs(margin))) + std::max(0.0, -margin);
    const double slope = -sign * sigmoid(-margin);
    for (std::size_t k = 0; k < z.size(); ++k) gradient[k] += slope * features[k];
  }
  for (std::size_t k = 0; k < z.size(); ++k) gradient[k] = gradient[k] / count + l2_ * z[k];
  return loss / count + 0.5 * l2_ * inner_product(z, z);
}

}  // namespace peers
