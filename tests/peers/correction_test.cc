// What fights drift between peers: the published vectors and identities, on the product's own peers
// in virtual time.
#include "peers/policies/correction.h"

#include <cmath>
#include <string>
#include <vector>

#include "gossip/layout.h"
#include "kernels/open_backend.h"
#include "peers/config_names.h"
#include "tests/peers/laboratory.h"

namespace {

using laboratory::combine;
using laboratory::difference;
using laboratory::Laboratory;
using laboratory::Matrix;
using laboratory::multiply;
using laboratory::Numbers;
using laboratory::random_rows;
using laboratory::ring;

Laboratory eight_unlike_peers() {
  return {random_rows(8, 3, -3.0, 3.0, 21), random_rows(8, 3, 0.5, 2.0, 22)};
}

std::string local_sgd() {
  return "[policy]\npreset = \"local-sgd\"\nlearning_rate = 0.05\nperiod = 5\n";
}

}  // namespace

TEST_CASE("quasi-global momentum of a lone peer takes the published steps") {
  // f = (x - 1)^2 / 2
  const Laboratory lab({{1.0}}, {{1.0}});
  const auto check = [&](const std::string& preset, const Numbers& expected) {
    const auto rounds =
        lab.run("[policy]\npreset = \"" + preset + "\"\nlearning_rate = 0.1\n", expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i)
      CHECK(rounds[i + 1][0][0] == Approx(expected[i]).epsilon(1e-6));
  };
  check("qg-dsgdm", {0.1, 0.199, 0.29611, 0.390548, 0.481637});
  check("qg-dsgdm-n", {0.19, 0.35929, 0.508588, 0.638857, 0.751236});
}

TEST_CASE("quasi-global momentum without momentum is sgd") {
  const Laboratory lab = eight_unlike_peers();
  CHECK(lab.run("[policy]\npreset = \"qg-dsgdm\"\nmomentum = 0.0\n", 30) ==
        lab.run("[policy]\noptimizer = \"sgd\"\n", 30));
}

TEST_CASE("quasi-global momentum follows the mixed model by matrices") {
  const Laboratory lab = eight_unlike_peers();
  const Matrix weights = ring(8);
  const double rate = 0.05;
  const double mu = 0.9;
  const auto rounds =
      lab.run("topology = \"file\"\ntopology_file = \"" + lab.scratch.write("ring.txt", weights) +
                  "\"\n[policy]\npreset = \"qg-dsgdm-n\"\nlearning_rate = 0.05\n",
              40);
  Matrix x(8, Numbers(3, 0.0));
  Matrix q = x;
  for (const Matrix& seen : rounds) {
    CHECK(difference(seen, x) < 1e-12);
    const Matrix g = lab.gradient(x);
    const Matrix step = combine(1.0, g, mu, combine(mu, q, 1.0, g));
    const Matrix next = multiply(weights, combine(1.0, x, -rate, step));
    q = combine(mu, q, (1.0 - mu) / rate, combine(1.0, x, -1.0, next));
    x = next;
  }
}

TEST_CASE("vrl is local sgd until the first mix, and not after it") {
  const Laboratory lab = eight_unlike_peers();
  const auto plain = lab.run(local_sgd(), 12);
  const auto corrected = lab.run(local_sgd() + "correction = \"vrl\"\n", 12);
  for (std::size_t round = 0; round <= 6; ++round) {
    CAPTURE(round);
    CHECK((plain[round] == corrected[round]) == (round < 6));
  }
}

TEST_CASE("vrl with a push a step, undamped, on one doubly stochastic matrix is D squared") {
  const Laboratory lab({random_rows(5, 3, -3.0, 3.0, 31)}, {random_rows(5, 3, 0.5, 2.0, 32)});
  const Matrix weights = ring(5);  // its smallest eigenvalue is above -1/3
  const double rate = 0.05;
  const auto rounds =
      lab.run("topology = \"file\"\ntopology_file = \"" + lab.scratch.write("ring.txt", weights) +
                  "\"\n[policy]\npreset = \"vrl-sgd\"\nperiod = 1\n"
                  "correction_damping = 1.0\nlearning_rate = 0.05\n",
              300);
  Matrix before(5, Numbers(3, 0.0));
  Matrix g_before = lab.gradient(before);
  Matrix x = multiply(weights, combine(1.0, before, -rate, g_before));
  for (std::size_t round = 1; round <= 300; ++round) {
    CHECK(difference(rounds[round], x) < 1e-11);
    const Matrix g = lab.gradient(x);
    const Matrix next = multiply(weights, combine(1.0, combine(2.0, x, -1.0, before), -rate,
                                                  combine(1.0, g, -1.0, g_before)));
    before = x;
    g_before = g;
    x = next;
  }
}

TEST_CASE("vrl reaches everybody's optimum over gossip, where local sgd stays off it") {
  const Laboratory lab = eight_unlike_peers();
  // A ring in one direction turns what it mixes, and is only stable with less damping.
  const std::string topology = GENERATE("one-peer-exponential", "complete", "ring");
  const std::string damping = topology == "ring" ? "0.1" : "0.5";
  CAPTURE(topology);
  const std::string graph = "topology = \"" + topology + "\"\n";
  const std::string vrl = "correction = \"vrl\"\ncorrection_damping = " + damping + "\n";
  CHECK(lab.error(lab.run(graph + local_sgd(), 4000).back()) > 5e-3);
  CHECK(lab.error(lab.run(graph + local_sgd() + vrl, 4000).back()) < 1e-9);
}

TEST_CASE("the mean of decentralised sgd on like curvatures is central sgd") {
  // Flat loss landscapes aside, drift is only felt through curvatures that differ.
  const Laboratory lab(random_rows(8, 3, -3.0, 3.0, 41), Matrix(8, Numbers{0.5, 1.0, 2.0}));
  const std::string schedule = GENERATE("every-step", "periodic");
  const auto rounds = lab.run(
      "[policy]\noptimizer = \"sgd\"\nlearning_rate = 0.1\nschedule = \"" + schedule + "\"\n", 50);
  const Numbers best = lab.optimum();
  Numbers center(3, 0.0);
  for (const Matrix& round : rounds) {
    for (std::size_t k = 0; k < 3; ++k) {
      double mean = 0.0;
      for (const Numbers& z : round) mean += z[k] / 8.0;
      CHECK(mean == Approx(center[k]).margin(1e-12));
      center[k] -= 0.1 * lab.curvature[0][k] * (center[k] - best[k]);
    }
  }
}

namespace {

// A peer's mass before and after a mix, as a correction sees it.
struct Bench {
  std::unique_ptr<kernels::Backend> backend = std::move(kernels::open_backend({"cpu", 1})->backend);
  gossip::BlockLayout layout{2, 8, kernels::Scalar::kF64};           // two blocks
  gossip::BlockLayout with_tracker{2, 8, kernels::Scalar::kF64, 1};  // and as many
  peers::VectorSpace space{backend.get(), 2, kernels::Scalar::kF64};

  std::unique_ptr<peers::Correction> make(const peers::CorrectionOptions& options) const {
    auto made = peers::make_correction(options, space);
    REQUIRE(made.ok());
    return std::move(made).value();
  }
  [[nodiscard]] gossip::Mass mass(const Numbers& x) const {
    return {layout, *backend, std::span<const double>(x)};
  }
  void push(peers::Correction& correction, const Numbers& x) const {
    gossip::Mass pushed = mass(x);
    correction.before_push(pushed);
  }
  void after_mix(peers::Correction& correction, const Numbers& x, double learning_rate_sum) const {
    gossip::Mass mixed = mass(x);
    correction.after_mix(mixed, learning_rate_sum);
  }
  // What is taken off a gradient.
  [[nodiscard]] Numbers drift(peers::Correction& correction) const {
    kernels::Buffer gradient = space.zeros();
    correction.correct(gradient.view());
    Numbers numbers(2);
    backend->download(gradient.view(), std::span(numbers));
    return {-numbers[0], -numbers[1]};
  }
};

}  // namespace

TEST_CASE("vrl divides by the learning rates that were used, and learns nothing without steps") {
  const Bench bench;
  const auto vrl = bench.make({.name = "vrl", .damping = 0.5});
  bench.after_mix(*vrl, {7.0, 7.0}, 0.0);
  CHECK(bench.drift(*vrl) == Numbers{0.0, 0.0});
  bench.push(*vrl, {1.0, 2.0});
  bench.after_mix(*vrl, {2.0, 0.0}, 0.1 + 0.15);
  CHECK(bench.drift(*vrl) == Numbers{2.0, -4.0});
  bench.push(*vrl, {0.0, 0.0});
  bench.after_mix(*vrl, {1.0, 1.0}, 0.0);  // a round of mixing alone
  CHECK(bench.drift(*vrl) == Numbers{2.0, -4.0});
}

TEST_CASE("what vrl takes off all gradients together is nothing") {
  const Bench bench;
  const Matrix weights = ring(5);
  std::vector<std::unique_ptr<peers::Correction>> corrections;
  for (int i = 0; i < 5; ++i) corrections.push_back(bench.make({.name = "vrl"}));
  for (std::uint64_t round = 0; round < 20; ++round) {
    const Matrix x = random_rows(5, 2, -1.0, 1.0, round);
    const Matrix mixed = multiply(weights, x);
    Numbers sum(2, 0.0);
    for (std::size_t i = 0; i < 5; ++i) {
      bench.push(*corrections[i], x[i]);
      bench.after_mix(*corrections[i], mixed[i], 0.1);
      const Numbers drift = bench.drift(*corrections[i]);
      CHECK(std::abs(drift[0]) > 0.0);
      for (std::size_t k = 0; k < 2; ++k) sum[k] += drift[k];
    }
    for (const double value : sum) CHECK(std::abs(value) < 1e-12);
  }
}

TEST_CASE("what trackers add up to is what the last gradients add up to, whatever the weights") {
  const Bench bench;
  constexpr std::size_t kPeers = 5;
  Matrix weights = random_rows(kPeers, kPeers, 0.1, 1.0, 3);
  for (std::size_t j = 0; j < kPeers; ++j) {
    double column = 0.0;
    for (std::size_t i = 0; i < kPeers; ++i) column += weights[i][j];
    for (std::size_t i = 0; i < kPeers; ++i) weights[i][j] /= column;
  }
  const auto read = [&](const gossip::Mass& mass) {
    kernels::Buffer y = bench.space.zeros();
    mass.companion(0, y.view());
    Numbers numbers(2);
    bench.backend->download(y.view(), std::span(numbers));
    return numbers;
  };
  const auto device = [&](const Numbers& numbers) {
    kernels::Buffer copy = bench.space.zeros();
    bench.backend->upload(std::span<const double>(numbers), copy.view());
    return copy;
  };
  const Numbers start(2, 0.0);
  std::vector<std::unique_ptr<peers::Correction>> corrections;
  std::vector<std::unique_ptr<gossip::Mass>> masses;
  for (std::size_t i = 0; i < kPeers; ++i) {
    corrections.push_back(bench.make({.name = "gradient-tracking"}));
    masses.push_back(std::make_unique<gossip::Mass>(bench.with_tracker, *bench.backend,
                                                    std::span<const double>(start)));
    corrections[i]->start(*masses[i]);
  }
  for (std::uint64_t round = 0; round < 30; ++round) {
    const Matrix gradients = random_rows(kPeers, 2, -1.0, 1.0, 100 + round);
    Matrix trackers;
    Numbers sum(2, 0.0);
    for (std::size_t i = 0; i < kPeers; ++i) {
      kernels::Buffer gradient = device(gradients[i]);
      corrections[i]->correct(gradient.view());
      corrections[i]->before_push(*masses[i]);
      trackers.push_back(read(*masses[i]));
      for (std::size_t k = 0; k < 2; ++k) sum[k] += trackers[i][k] - gradients[i][k];
    }
    for (const double value : sum) CHECK(std::abs(value) < 1e-12);
    const Matrix mixed = multiply(weights, trackers);
    for (std::size_t i = 0; i < kPeers; ++i) {
      masses[i]->set_companion(0, device(mixed[i]).view());
      corrections[i]->after_mix(*masses[i], 0.1);
    }
  }
}

TEST_CASE("no correction is none at all, and an unknown one is refused with those there are") {
  const Bench bench;
  CHECK(bench.make({.name = "none"}) == nullptr);
  const auto made = peers::make_correction({.name = "vlr"}, bench.space);
  REQUIRE_FALSE(made.ok());
  CHECK(made.error().message ==
        "unknown correction 'vlr'; there are none, vrl, quasi-global-momentum, gradient-tracking, "
        "fedaware");
}

TEST_CASE("the corrections that a config takes are those that are built") {
  std::vector<std::string_view> taken;
  for (const peers::Choice& choice : peers::choices_of("policy.correction"))
    taken.push_back(choice.name);
  CHECK(taken == peers::correction_names());
}
