// The simulator runs the product's own Peer: what it traces must be what the published algorithms
// say, and two runs of one seed must be one run.
#include <cmath>
#include <string>

#include "peers/config.h"
#include "peers/simulate.h"
#include "tests/peers/sgp_reference.h"
#include "tests/support/mixing_matrix.h"

#include "tests/peers/laboratory.h"

namespace {

using laboratory::Matrix;
using laboratory::Outcome;
using laboratory::parse;
using laboratory::random_rows;
using laboratory::read_trace;
using laboratory::run;
using laboratory::Scratch;
using laboratory::Trace;

// What pushes of equal shares make of "c pushes to r" flags: column c is shared evenly.
Matrix uniform_columns(const Matrix& edges) {
  Matrix matrix = edges;
  for (std::size_t c = 0; c < edges.size(); ++c) {
    matrix[c][c] = 1.0;
    double degree = 0.0;
    for (auto& row : matrix) degree += row[c] != 0.0 ? 1.0 : 0.0;
    for (auto& row : matrix) row[c] = row[c] != 0.0 ? 1.0 / degree : 0.0;
  }
  return matrix;
}

Matrix complete(std::size_t n) { return uniform_columns(Matrix(n, std::vector<double>(n, 1.0))); }

Matrix one_peer_exponential(std::size_t n, std::size_t round) {
  std::size_t period = 1;
  while ((std::size_t{1} << period) < n) ++period;
  Matrix edges(n, std::vector<double>(n, 0.0));
  for (std::size_t c = 0; c < n; ++c)
    edges[(c + (std::size_t{1} << (round % period))) % n][c] = 1.0;
  return uniform_columns(edges);
}

constexpr std::size_t kPeers = 6;
constexpr std::size_t kDimension = 5;
constexpr std::size_t kRounds = 60;

std::string quadratic_toml(const Scratch& scratch, const Matrix& centers, const Matrix& curvature) {
  return "run = \"t\"\n[objective]\nkind = \"quadratic\"\ncenters = \"" +
         scratch.write("centers.csv", centers) + "\"\ncurvature = \"" +
         scratch.write("curvature.csv", curvature) +
         "\"\n[simulate]\npeers = 6\nrounds = 60\ntrace = true\nprecision = \"f64\"\n";
}

// Largest difference between the trace and the reference, over all rounds, peers and entries.
double disagreement(const Trace& trace, const sgp_reference::Problem& problem,
                    const std::function<Matrix(std::size_t)>& matrix) {
  sgp_reference::State state(kPeers, kDimension);
  double worst = 0.0;
  for (std::size_t round = 0; round <= kRounds; ++round) {
    for (std::size_t i = 0; i < kPeers; ++i) {
      const auto found = trace.find({round, i});
      REQUIRE(found != trace.end());
      worst = std::max(worst, std::abs(found->second.weight - state.weights[i]));
      for (std::size_t k = 0; k < kDimension; ++k) {
        worst = std::max(worst, std::abs(found->second.z[k] - state.z(i, k)));
      }
    }
    sgp_reference::gradient_step(problem, state);
    sgp_reference::mix(matrix(round), state);
  }
  return worst;
}

}  // namespace

TEST_CASE("in step, a simulated run is Stochastic Gradient Push to 1e-10 on every topology") {
  const Scratch scratch;
  const Matrix centers = random_rows(kPeers, kDimension, -3.0, 3.0, 11);
  const Matrix curvature = random_rows(kPeers, kDimension, 0.5, 1.5, 12);
  const Matrix edges = {{1, 0, 0, 1, 0, 0}, {1, 1, 0, 0, 0, 1}, {0, 1, 1, 0, 0, 0},
                        {0, 0, 1, 1, 0, 0}, {1, 0, 0, 1, 1, 0}, {0, 0, 0, 0, 1, 1}};
  const double momentum = GENERATE(0.0, 0.9);
  const std::string topology = GENERATE("complete", "one-peer-exponential", "file");
  CAPTURE(momentum, topology);
  const peers::Config config = parse(
      quadratic_toml(scratch, centers, curvature) +
      "link = { delay_ms = 3.0, reorder = 0.5, loss = 0.1 }\n" +
      "[gossip]\npace = \"sync\"\ntopology = \"" + topology + "\"\ntopology_file = \"" +
      scratch.write("edges.txt", edges) + "\"\n[policy]\nlearning_rate = 0.05\noptimizer = \"" +
      (momentum > 0.0 ? "momentum" : "sgd") + "\"\nmomentum = 0.9\n");
  const auto matrix = [&](std::size_t round) {
    if (topology == "complete") return complete(kPeers);
    return topology == "file" ? uniform_columns(edges) : one_peer_exponential(kPeers, round);
  };
  const Trace trace = read_trace(run(config).trace);
  CHECK(disagreement(trace, {centers, curvature, 0.05, momentum}, matrix) < 1e-10);
}

TEST_CASE("in step, a simulated run takes the shares of its topology and weighting to 1e-10") {
  const Scratch scratch;
  const Matrix centers = random_rows(kPeers, kDimension, -3.0, 3.0, 13);
  const Matrix curvature = random_rows(kPeers, kDimension, 0.5, 1.5, 14);
  const auto [topology, weighting] =
      GENERATE(table<std::string, std::string>({{"base-k", "uniform"},
                                                {"equidynamic", "uniform"},
                                                {"matching", "uniform"},
                                                {"random-k", "uniform"},
                                                {"clusters", "metropolis"},
                                                {"erdos-renyi", "metropolis"},
                                                {"random-regular", "constant"}}));
  CAPTURE(topology, weighting);
  const peers::Config config =
      parse("seed = 5\n" + quadratic_toml(scratch, centers, curvature) +
            "link = { delay_ms = 3.0, reorder = 0.5 }\n[gossip]\npace = \"sync\"\nfanout = 2\n" +
            "topology = \"" + topology + "\"\nweighting = \"" + weighting +
            "\"\n[policy]\nlearning_rate = 0.05\noptimizer = \"sgd\"\n");
  const test::MixingMatrices matrices({.name = topology, .fanout = 2, .seed = 5},
                                      {.name = weighting});
  const Trace trace = read_trace(run(config).trace);
  CHECK(disagreement(trace, {centers, curvature, 0.05, 0.0},
                     [&](std::size_t round) { return matrices.at(round, kPeers); }) < 1e-10);
}

TEST_CASE("a seed fixes a run, another seed is another run") {
  const Scratch scratch;
  const Matrix rows = random_rows(kPeers, kDimension, -1.0, 1.0, 3);
  peers::Config config =
      parse(quadratic_toml(scratch, rows, Matrix(kPeers, std::vector<double>(kDimension, 1.0))) +
            "link = { delay_ms = 20.0, loss = 0.1, duplicate = 0.1, reorder = 0.2 }\n" +
            "[gossip]\ntopology = \"random-k\"\nfanout = 2\n");
  const Outcome first = run(config);
  const Outcome again = run(config);
  CHECK(first.report.fingerprint == again.report.fingerprint);
  CHECK(first.trace == again.trace);
  config.seed = 2;
  CHECK(run(config).report.fingerprint != first.report.fingerprint);
}

TEST_CASE("weights add up to the number of peers after loss, duplication and reordering") {
  const Scratch scratch;
  const Matrix rows = random_rows(kPeers, kDimension, -1.0, 1.0, 4);
  peers::Config config =
      parse(quadratic_toml(scratch, rows, Matrix(kPeers, std::vector<double>(kDimension, 1.0))) +
            "step_seconds = [0.1, 0.02, 0.3]\nlink = { delay_ms = 40.0, loss = 0.2, duplicate = "
            "0.2, reorder = 0.3 }\n");
  for (config.seed = 1; config.seed <= 5; ++config.seed) {
    CAPTURE(config.seed);
    const peers::RunSummary summary = run(config).report.summary;
    CHECK(std::abs(summary.weight_total - static_cast<double>(kPeers)) < 1e-9);
    CHECK(summary.weight_in_flight == 0.0);
  }
}

TEST_CASE("settling brings the peers of an asynchronous run together") {
  const Scratch scratch;
  const std::string toml =
      "[train]\nsteps = 20\nbatch = 8\n[model]\nkind = \"logistic\"\n[simulate]\npeers = 4\n";
  peers::Config config = parse(toml);
  config.gossip.settle_rounds = 0;
  const double apart = run(config).report.summary.consensus_distance;
  config.gossip.settle_rounds = 16;
  const double together = run(config).report.summary.consensus_distance;
  CAPTURE(apart, together);
  CHECK(together < 0.1 * apart);
}

TEST_CASE("peers finish without the one that crashed, in both paces") {
  const Scratch scratch;
  const Matrix rows = random_rows(kPeers, kDimension, -1.0, 1.0, 5);
  const std::string pace = GENERATE("async", "sync");
  const double at = GENERATE(0.0, 0.35, 2.0, 5.85);
  CAPTURE(pace, at);
  const peers::Config config =
      parse(quadratic_toml(scratch, rows, Matrix(kPeers, std::vector<double>(kDimension, 1.0))) +
            "faults = [{ at = " + std::to_string(at) +
            ", kind = \"crash\", peers = [2] }]\n[gossip]\npace = \"" + pace + "\"\n");
  const peers::RunSummary summary = run(config).report.summary;
  for (std::size_t i = 0; i < kPeers; ++i) {
    CAPTURE(i);
    CHECK(summary.peers[i].exit == (i == 2 ? 137 : 0));
    if (i != 2) CHECK(summary.peers[i].steps == kRounds);
  }
  CHECK(summary.weight_in_flight == 0.0);
  CHECK(summary.weight_total > 0.5);
  CHECK(summary.weight_total < static_cast<double>(kPeers) + 1e-9);
}

TEST_CASE("a peer that froze for less than the silence limit goes on as if nothing had been") {
  const Scratch scratch;
  const Matrix rows = random_rows(kPeers, kDimension, -1.0, 1.0, 6);
  const peers::Config config = parse(
      quadratic_toml(scratch, rows, Matrix(kPeers, std::vector<double>(kDimension, 1.0))) +
      "faults = [{ at = 1.0, kind = \"freeze\", peers = [1] }, { at = 3.0, kind = \"thaw\", peers "
      "= [1] },"
      " { at = 1.5, kind = \"cut\", peers = [3] }, { at = 3.5, kind = \"heal\", peers = [3] }]\n");
  const peers::RunSummary summary = run(config).report.summary;
  for (const auto& peer : summary.peers) CHECK(peer.steps == kRounds);
  CHECK(std::abs(summary.weight_total - static_cast<double>(kPeers)) < 1e-9);
}
