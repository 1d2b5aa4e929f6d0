#include "peers/logistic.h"

#include <cmath>
#include <string>
#include <vector>

#include "kernels/open_backend.h"
#include "tests/peers/laboratory.h"
#include "tests/support/temporary_file.h"

#include "tests/support/catch.h"

using laboratory::Numbers;
using test::TemporaryFile;

namespace {

constexpr double kL2 = 0.1;

peers::Logistic logistic(const peers::LabelledPoints& points, std::size_t parameters,
                         kernels::Backend& backend) {
  return {points,
          kL2,
          {.start = Numbers(parameters, 0.0), .scalar = kernels::Scalar::kF64},
          runtime::Random(1),
          backend};
}

// The gradient of the mean of these peers' losses, from its formula.
Numbers mean_gradient(const std::vector<peers::LabelledPoints>& peers, const Numbers& z) {
  Numbers gradient(z.size(), 0.0);
  for (const peers::LabelledPoints& points : peers) {
    const std::size_t count = points.labels.size();
    for (std::size_t j = 0; j < count; ++j) {
      const double* a = points.features.data() + j * z.size();
      double inner = 0.0;
      for (std::size_t k = 0; k < z.size(); ++k) inner += a[k] * z[k];
      const double error = 1.0 / (1.0 + std::exp(-inner)) - points.labels[j];
      for (std::size_t k = 0; k < z.size(); ++k)
        gradient[k] += error * a[k] / static_cast<double>(count * peers.size());
    }
  }
  for (std::size_t k = 0; k < z.size(); ++k) gradient[k] += kL2 * z[k];
  return gradient;
}

std::string run_of(const std::string& more) {
  return "[objective]\nkind = \"logistic\"\nl2 = 0.1\n" + more;
}

}  // namespace

TEST_CASE("a logistic loss is that on paper, also where a margin would overflow") {
  const auto opened = kernels::open_backend({"cpu", 1});
  kernels::Backend& backend = *opened->backend;
  auto objective = logistic({{1.0, 0.0, 0.0, 2.0}, {1, 0}}, 2, backend);
  kernels::Buffer z = backend.allocate(2, kernels::Scalar::kF64);
  const auto loss_at = [&](double first, double second) {
    z.view().as<double>()[0] = first;
    z.view().as<double>()[1] = second;
    return objective.loss_at(z.view());
  };
  CHECK(loss_at(0.0, 0.0) == Approx(std::log(2.0)).epsilon(1e-15));
  const double on_paper = (std::log1p(std::exp(-1.0)) + std::log1p(std::exp(4.0))) / 2 + 0.25;
  CHECK(loss_at(1.0, 2.0) == Approx(on_paper).epsilon(1e-15));
  CHECK(loss_at(-2000.0, 0.0) == Approx(1000.0 + std::log(2.0) / 2 + 2e5).epsilon(1e-15));
}

TEST_CASE("a logistic gradient is the slope of its loss") {
  const auto opened = kernels::open_backend({"cpu", 1});
  kernels::Backend& backend = *opened->backend;
  auto objective = logistic(peers::draw_points(3, 1), peers::kDrawnFeatures, backend);
  kernels::Buffer z = backend.allocate(peers::kDrawnFeatures, kernels::Scalar::kF64);
  kernels::Buffer gradient = backend.allocate(peers::kDrawnFeatures, kernels::Scalar::kF64);
  runtime::Random random(5);
  for (double& number : z.view().as<double>()) number = random.normal();
  objective.gradient_at(z.view(), gradient.view());
  for (std::size_t k = 0; k < peers::kDrawnFeatures; ++k) {
    constexpr double kAside = 1e-6;
    double& number = z.view().as<double>()[k];
    const double here = number;
    number = here + kAside;
    const double above = objective.loss_at(z.view());
    number = here - kAside;
    const double below = objective.loss_at(z.view());
    number = here;
    CHECK(gradient.view().as<double>()[k] ==
          Approx((above - below) / (2 * kAside)).epsilon(1e-7).margin(1e-9));
  }
}

TEST_CASE("points are drawn from the seed, and each peer's are its own") {
  const auto points = peers::draw_points(1, 0);
  CHECK(points.features == peers::draw_points(1, 0).features);
  CHECK(points.labels == peers::draw_points(1, 0).labels);
  CHECK(points.features != peers::draw_points(1, 1).features);
  CHECK(points.features != peers::draw_points(2, 0).features);
}

TEST_CASE("peers with exact averages find the optimum of everybody's logistic loss") {
  const bool drawn = GENERATE(true, false);
  const TemporaryFile file(
      "# peer, label, features\n1,0,1,2\n0,1,0.5,-1\n1,1,-1,0\n2,1,3,1\n2,0,0.2,0.3\n");
  const std::string points = drawn ? "" : "points = \"" + file.path() + "\"\n";
  const std::vector<peers::LabelledPoints> given{
      {{0.5, -1.0}, {1}}, {{1.0, 2.0, -1.0, 0.0}, {0, 1}}, {{3.0, 1.0, 0.2, 0.3}, {1, 0}}};
  const auto config = laboratory::parse(
      run_of(points) +
      "[gossip]\nprotocol = \"allreduce\"\n[policy]\noptimizer = \"sgd\"\nlearning_rate = 0.1\n"
      "[simulate]\npeers = 3\ntrace = true\nprecision = \"f64\"\nrounds = 4000\n");
  const auto trace = laboratory::read_trace(laboratory::run(config).trace);
  std::vector<peers::LabelledPoints> everybody;
  for (std::uint64_t peer = 0; peer < 3; ++peer)
    everybody.push_back(drawn ? peers::draw_points(config.seed, peer) : given[peer]);
  for (std::uint64_t peer = 0; peer < 3; ++peer)
    for (const double slope : mean_gradient(everybody, trace.at({4000, peer}).z))
      CHECK(std::abs(slope) < 1e-9);
}

TEST_CASE("points that cannot be are refused by row") {
  const auto refusal = [](const std::string& rows) {
    const TemporaryFile file(rows);
    const auto config =
        laboratory::parse(run_of("points = \"" + file.path() + "\"\n") + "[simulate]\npeers = 2\n");
    const auto simulation = peers::Simulation::create(config, nullptr);
    return simulation.ok() ? std::string() : simulation.error().message;
  };
  CHECK(refusal("0,1,1\n1,0,2\n").empty());
  CHECK(refusal("0,1,1\n1,2,2\n") == "objective.points: row 2: expected a label of 0 or 1, got 2");
  CHECK(refusal("0.5,1,1\n") == "objective.points: row 1: expected a peer from 0 on, got 0.5");
  CHECK(refusal("0,1\n") == "objective.points: 2 columns, expected a peer, a label and features");
  CHECK(refusal("0,1,1\n") == "objective.points: no point of peer 1");
}
