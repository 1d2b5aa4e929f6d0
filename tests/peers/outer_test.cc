// The second optimizer: the published vectors and identities, on the product's own peers in virtual
// time.
#include "peers/policies/outer.h"

#include <string>
#include <vector>

#include "kernels/open_backend.h"
#include "peers/config_names.h"
#include "tests/peers/laboratory.h"
#include "tests/support/config_texts.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

namespace {

using laboratory::combine;
using laboratory::difference;
using laboratory::Laboratory;
using laboratory::Matrix;
using laboratory::multiply;
using laboratory::Numbers;
using laboratory::random_rows;
using laboratory::ring;

constexpr double kRate = 0.05;

std::string periods(int length) {
  return "[policy]\noptimizer = \"sgd\"\nlearning_rate = 0.05\nschedule = \"periodic\"\nperiod = " +
         std::to_string(length) + "\n";
}

Laboratory eight_unlike_peers() {
  return {random_rows(8, 3, -3.0, 3.0, 21), random_rows(8, 3, 0.5, 2.0, 22)};
}

Matrix everybody(std::size_t n) { return Matrix(n, Numbers(n, 1.0 / static_cast<double>(n))); }

// What 8 peers end each period with, by matrices: theta after `length` steps from phi, then
// d = phi - W theta; v = mu v + d; phi = phi - 0.7 (d + mu v), or phi - 0.7 v.
std::vector<Matrix> by_matrices(const Laboratory& lab, const Matrix& weights, int length, double mu,
                                bool nesterov, std::size_t count) {
  Matrix phi(8, Numbers(3, 0.0));
  Matrix v = phi;
  std::vector<Matrix> anchors{phi};
  for (std::size_t period = 0; period < count; ++period) {
    Matrix theta = phi;
    for (int step = 0; step < length; ++step)
      theta = combine(1.0, theta, -kRate, lab.gradient(theta));
    const Matrix d = combine(1.0, phi, -1.0, multiply(weights, theta));
    v = combine(mu, v, 1.0, d);
    phi = combine(1.0, phi, -0.7, nesterov ? combine(1.0, d, mu, v) : v);
    anchors.push_back(phi);
  }
  return anchors;
}

void check_against_matrices(const std::string& kind, double mu, const Matrix& weights) {
  const Laboratory lab = eight_unlike_peers();
  const auto rounds = lab.run(
      "topology = \"file\"\ntopology_file = \"" + lab.scratch.write("w.txt", weights) + "\"\n" +
          periods(5) + "outer = \"" + kind + "\"\nouter_momentum = " + std::to_string(mu) + "\n",
      100);
  const auto anchors = by_matrices(lab, weights, 5, mu, kind == "nesterov", 20);
  for (std::size_t period = 0; period < anchors.size() - 1; ++period)
    CHECK(difference(rounds[5 * period], anchors[period]) < 1e-12);
}

}  // namespace

TEST_CASE("the outer steps of a lone peer are those published") {
  // f = (x - 1)^2 / 2, one inner step a period
  const Laboratory lab({{1.0}}, {{1.0}});
  const Numbers expected{0.133, 0.305011, 0.497633, 0.694024, 0.879821};
  const auto rounds =
      lab.run("[policy]\noptimizer = \"sgd\"\nlearning_rate = 0.1\nouter = \"nesterov\"\n", 5);
  for (std::size_t i = 0; i < expected.size(); ++i)
    CHECK(rounds[i + 1][0][0] == Approx(expected[i]).epsilon(1e-5));
}

TEST_CASE("all of the way and no momentum is local sgd, bit for bit") {
  const Laboratory lab = eight_unlike_peers();
  const std::string kind = GENERATE("nesterov", "heavy-ball");
  for (const int period : {1, 4}) {
    CAPTURE(period, kind);
    CHECK(lab.run(periods(period) + "outer = \"" + kind +
                      "\"\nouter_learning_rate = 1.0\nouter_momentum = 0.0\n",
                  20) == lab.run(periods(period), 20));
  }
}

TEST_CASE("with exact means it is DiLoCo, and with heavy-ball NoLoCo of one group") {
  check_against_matrices("nesterov", 0.9, everybody(8));
  check_against_matrices("heavy-ball", 0.5, everybody(8));
}

TEST_CASE("with partial means each peer follows the way of its mixed model") {
  check_against_matrices("nesterov", 0.9, ring(8));
  check_against_matrices("heavy-ball", 0.5, ring(8));
}

TEST_CASE("a period of one step finds the optimum, longer ones stay off it") {
  const Laboratory lab = eight_unlike_peers();
  const auto error = [&](int period) {
    return lab.error(
        lab.run("topology = \"complete\"\n" + periods(period) + "outer = \"nesterov\"\n",
                static_cast<std::size_t>(400 * period))
            .back());
  };
  CHECK(error(1) < 1e-9);
  CHECK(error(20) > 1e-3);
}

TEST_CASE("out of step the books stay exact and the peers agree near the optimum") {
  const Laboratory lab(random_rows(8, 3, -3.0, 3.0, 41), Matrix(8, Numbers{0.5, 1.0, 2.0}));
  const auto config = laboratory::parse(
      "[objective]\nkind = \"quadratic\"\ncenters = \"" +
      lab.scratch.write("centers.csv", lab.centers) + "\"\ncurvature = \"" +
      lab.scratch.write("curvature.csv", lab.curvature) +
      "\"\n[simulate]\npeers = 8\nrounds = 1500\nprecision = \"f64\"\n" + periods(5) +
      "learning_rate_rule = \"cosine\"\nouter = \"heavy-ball\"\nouter_momentum = 0.5\n");
  const peers::RunSummary summary = laboratory::run(config).report.summary;
  CHECK(summary.weight_total + summary.weight_in_flight == Approx(8.0).epsilon(1e-9));
  Matrix estimates;
  for (const peers::PeerSummary& peer : summary.peers) estimates.push_back(peer.estimate);
  CHECK(lab.error(estimates) < 0.5);
}

TEST_CASE("the outer optimizers that a config takes are those that are built") {
  std::vector<std::string_view> listed;
  for (const peers::Choice& choice : peers::choices_of("policy.outer"))
    listed.push_back(choice.name);
  CHECK(listed == peers::outer_names());
}

TEST_CASE("an outer optimizer is refused where steps overlap the mix") {
  CHECK_THAT(
      test::refusal("gossip.pace = \"sync\"\n[policy]\nouter = \"nesterov\"\n"
                    "schedule = \"overlapped\"\n"),
      Catch::Contains("x.toml:3: policy.outer: \"nesterov\" moves a peer once its mix is in"));
  CHECK_THAT(test::refusal("[policy]\nouter = \"nesterof\"\n"),
             Catch::Contains("did you mean \"nesterov\"?"));
  CHECK_THAT(test::refusal("[policy]\nouter_momentum = 1.0\n"), Catch::Contains("below 1"));
}
