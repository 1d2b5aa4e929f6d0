// Adaptive Weighting Push-SUM as published: exact distances of x, in step; and what sketches make
// of it.
#include <algorithm>
#include <cmath>
#include <functional>
#include <string>

#include "tests/peers/sgap_reference.h"

#include "tests/peers/laboratory.h"

namespace {

using laboratory::Matrix;
using laboratory::parse;
using laboratory::random_rows;
using laboratory::read_trace;
using laboratory::run;
using laboratory::Scratch;
using laboratory::Trace;

constexpr double kRate = 0.05;

struct Lab {
  Matrix centers;
  Matrix curvature;
  Matrix start;
  std::string gossip;             // lines of [gossip] and [gossip.moreau]
  std::string optimizer = "sgd";  // momentum: 0.8
  std::size_t rounds = 200;
  std::string precision = "f64";

  [[nodiscard]] peers::Config config(const Scratch& scratch) const {
    return parse("run = \"t\"\n[objective]\nkind = \"quadratic\"\ncenters = \"" +
                 scratch.write("centers.csv", centers) + "\"\ncurvature = \"" +
                 scratch.write("curvature.csv", curvature) + "\"\nstart = \"" +
                 scratch.write("start.csv", start) +
                 "\"\n[simulate]\npeers = " + std::to_string(centers.size()) +
                 "\nrounds = " + std::to_string(rounds) + "\ntrace = true\nprecision = \"" +
                 precision + "\"\n[policy]\nlearning_rate = 0.05\nmomentum = 0.8\noptimizer = \"" +
                 optimizer + "\"\n[gossip]\npace = \"sync\"\nweighting = \"moreau\"\n" + gossip);
  }
};

// f_i with curvature in [0.5, 1.5] and centers that differ from peer to peer.
Lab heterogeneous(std::size_t peers, std::size_t dimension) {
  return {.centers = random_rows(peers, dimension, -3.0, 3.0, 21),
          .curvature = random_rows(peers, dimension, 0.5, 1.5, 22),
          .start = random_rows(peers, dimension, -0.5, 0.5, 23),
          .gossip = ""};
}

// Nothing moves x but mixing.
Lab averaging(const std::vector<double>& start, const std::string& gossip, std::size_t rounds) {
  Matrix column;
  for (const double x : start) column.push_back({x});
  const Matrix zeros(start.size(), {0.0});
  return {
      .centers = zeros, .curvature = zeros, .start = column, .gossip = gossip, .rounds = rounds};
}

// Exact distances of x.
std::string published() { return "[gossip.moreau]\ndistance = \"exact\"\nspace = \"mass\"\n"; }

Matrix dc6() {
  return {{1, 1, 1, 1, 0, 0}, {1, 1, 1, 0, 0, 0}, {1, 1, 1, 0, 0, 0},
          {1, 0, 0, 1, 1, 1}, {0, 0, 0, 1, 1, 1}, {0, 0, 0, 1, 1, 1}};
}

Matrix edges_of(const std::string& topology, std::size_t round) {
  if (topology == "complete") return Matrix(6, std::vector<double>(6, 1.0));
  if (topology == "file") return dc6();
  Matrix edges(6, std::vector<double>(6, 0.0));
  const std::size_t hop = std::size_t{1} << (round % 3);
  for (std::size_t c = 0; c < 6; ++c) edges[c][c] = edges[(c + hop) % 6][c] = 1.0;
  return edges;
}

// Largest difference between the trace and the reference, over all rounds, peers and entries.
double disagreement(const Trace& trace, const Lab& lab, double momentum,
                    const std::function<Matrix(std::size_t)>& edges) {
  const std::size_t peers = lab.centers.size();
  const sgp_reference::Problem problem{lab.centers, lab.curvature, kRate, momentum};
  sgp_reference::State state(peers, lab.centers[0].size());
  state.x = lab.start;
  sgap_reference::Weights weights({.v = 0.1, .k = 0.3}, peers);
  double worst = 0.0;
  for (std::size_t round = 0; round <= lab.rounds; ++round) {
    for (std::size_t i = 0; i < peers; ++i) {
      const laboratory::Row& row = trace.at({round, i});
      worst = std::max(worst, std::abs(row.weight - state.weights[i]));
      for (std::size_t k = 0; k < row.z.size(); ++k)
        worst = std::max(worst, std::abs(row.z[k] - state.z(i, k)));
    }
    const Matrix matrix = weights.matrix(edges(round));
    sgp_reference::gradient_step(problem, state);
    weights.exchanged(edges(round), state.x);
    sgp_reference::mix(matrix, state);
  }
  return worst;
}

// Mean squared distance of the estimates from their mean after the last round.
double consensus_distance(const Trace& trace, const Lab& lab) {
  const std::size_t peers = lab.centers.size();
  double sum = 0.0;
  for (std::size_t k = 0; k < lab.centers[0].size(); ++k) {
    double mean = 0.0;
    for (std::size_t i = 0; i < peers; ++i) mean += trace.at({lab.rounds, i}).z[k];
    mean /= static_cast<double>(peers);
    for (std::size_t i = 0; i < peers; ++i)
      sum += std::pow(trace.at({lab.rounds, i}).z[k] - mean, 2);
  }
  return sum / static_cast<double>(peers);
}

double consensus_distance_of(Lab lab, const std::string& gossip) {
  const Scratch scratch;
  lab.gossip =
      "topology = \"file\"\ntopology_file = \"" + scratch.write("dc6.txt", dc6()) + "\"\n" + gossip;
  return consensus_distance(read_trace(run(lab.config(scratch)).trace), lab);
}

}  // namespace

TEST_CASE("Moreau weights: the published trace of three peers that only average") {
  const Scratch scratch;
  const Lab lab = averaging({0, 1, 3}, "topology = \"complete\"\n" + published() + "k = 1.0\n", 3);
  const Trace trace = read_trace(run(lab.config(scratch)).trace);
  const double expected[3][3] = {{0.109091, 1.027273, 2.863636},
                                 {1.118695, 1.385676, 1.495629},
                                 {1.280479, 1.368877, 1.350644}};
  for (std::size_t round = 1; round <= 3; ++round) {
    for (std::size_t i = 0; i < 3; ++i) {
      CAPTURE(round, i);
      CHECK(trace.at({round, i}).z[0] == Approx(expected[round - 1][i]).margin(1e-6));
      CHECK(trace.at({round, i}).weight == Approx(1.0).margin(1e-12));
    }
  }
}

TEST_CASE("k to infinity and v to 0: Push-SUM with equal shares, one round late") {
  const Scratch scratch;
  const std::vector<double> start = {0.0, 1.0, 3.0, -2.0, 5.0};
  const Lab adaptive =
      averaging(start, "topology = \"ring\"\n" + published() + "k = 1e9\nv = 1e-9\n", 6);
  Lab plain = averaging(start, "topology = \"ring\"\n", 5);
  peers::Config uniform = plain.config(scratch);
  uniform.gossip.weighting = "uniform";
  const Trace expected = read_trace(run(uniform).trace);
  const Trace trace = read_trace(run(adaptive.config(scratch)).trace);
  // A ring's peers hear from behind and push ahead, so they stay strangers for ever.
  for (std::size_t i = 0; i < start.size(); ++i)
    CHECK(trace.at({6, i}).z[0] == Approx(start[i]).margin(1e-7));
  const Lab both_ways =
      averaging(start, "topology = \"complete\"\n" + published() + "k = 1e9\nv = 1e-9\n", 6);
  const Trace heard = read_trace(run(both_ways.config(scratch)).trace);
  uniform.gossip.topology = "complete";
  const Trace averaged = read_trace(run(uniform).trace);
  for (std::size_t i = 0; i < start.size(); ++i)
    CHECK(heard.at({6, i}).z[0] == Approx(averaged.at({5, i}).z[0]).margin(1e-7));
}

TEST_CASE("in step, exact distances of x: SGAP and MSGAP as published, to 1e-9, for 200 rounds") {
  const Scratch scratch;
  const std::string topology = GENERATE("complete", "one-peer-exponential", "file");
  const std::string optimizer = GENERATE("sgd", "momentum");
  CAPTURE(topology, optimizer);
  Lab lab = heterogeneous(6, 5);
  lab.gossip = "topology = \"" + topology + "\"\ntopology_file = \"" +
               scratch.write("edges.txt", dc6()) + "\"\n" + published() + "k = 0.3\n";
  lab.optimizer = optimizer;
  const double momentum = optimizer == "sgd" ? 0.0 : 0.8;
  const auto edges = [&](std::size_t round) { return edges_of(topology, round); };
  peers::Config config = lab.config(scratch);
  CHECK(disagreement(read_trace(run(config).trace), lab, momentum, edges) < 1e-9);
  config.simulate.link = {.delay_ms = 30.0, .loss = 0.1, .duplicate = 0.1, .reorder = 0.3};
  CHECK(disagreement(read_trace(run(config).trace), lab, momentum, edges) < 1e-9);
  config.simulate.precision = "f32";
  CHECK(disagreement(read_trace(run(config).trace), lab, momentum, edges) < 1e-5);
}

TEST_CASE("two clusters on a complete graph rest at the distance that theory gives") {
  // Xi = eta^2 zeta^2 ((1 - m) / m)^2 with m the weight between the clusters, whatever N.
  const Scratch scratch;
  const std::size_t peers = 8;
  Matrix centers(peers, std::vector<double>(20));
  for (std::size_t i = 0; i < peers; ++i)
    centers[i] = random_rows(1, 20, -1.0, 1.0, i < peers / 2 ? 31 : 32)[0];
  Lab lab{.centers = centers,
          .curvature = Matrix(peers, std::vector<double>(20, 1.0)),
          .start = Matrix(1, std::vector<double>(20, 0.0)),
          .gossip = "topology = \"complete\"\n" + published() + "k = 1.0\n",
          .rounds = 3000};
  const Trace trace = read_trace(run(lab.config(scratch)).trace);
  const auto gradient = [&](std::size_t i, std::size_t k) {
    return trace.at({lab.rounds, i}).z[k] - centers[i][k];
  };
  double half_gap = 0.0;  // squared distance of x after the step, between the clusters
  double spread = 0.0;    // zeta^2
  for (std::size_t k = 0; k < 20; ++k) {
    const double a = trace.at({lab.rounds, 0}).z[k] - kRate * gradient(0, k);
    const double b = trace.at({lab.rounds, peers - 1}).z[k] - kRate * gradient(peers - 1, k);
    half_gap += (a - b) * (a - b);
    spread += std::pow((gradient(0, k) - gradient(peers - 1, k)) / 2.0, 2);
  }
  const double m = sgap_reference::Moreau{.v = 0.1, .k = 1.0}.at(half_gap);
  const double expected = kRate * kRate * spread * std::pow((1.0 - m) / m, 2);
  CHECK(consensus_distance(trace, lab) == Approx(expected).epsilon(1e-9));
}

TEST_CASE("the smaller k, the larger the consensus distance; equal shares have the smallest") {
  Lab lab{.centers = random_rows(6, 20, -3.0, 3.0, 41),
          .curvature = random_rows(6, 20, 0.5, 1.5, 42),
          .start = Matrix(1, std::vector<double>(20, 0.0)),
          .gossip = "",
          .rounds = 2000};
  for (std::size_t i = 1; i < 3; ++i) lab.centers[i] = lab.centers[0];
  for (std::size_t i = 4; i < 6; ++i) lab.centers[i] = lab.centers[3];
  const double steep = consensus_distance_of(lab, published() + "k = 100.0\n");
  const double medium = consensus_distance_of(lab, published() + "k = 1.0\n");
  const double flat = consensus_distance_of(lab, published() + "k = 0.01\n");
  const Scratch scratch;
  lab.gossip = "topology = \"file\"\ntopology_file = \"" + scratch.write("dc6.txt", dc6()) + "\"\n";
  peers::Config uniform = lab.config(scratch);
  uniform.gossip.weighting = "uniform";
  const double equal = consensus_distance(read_trace(run(uniform).trace), lab);
  CAPTURE(equal, steep, medium, flat);
  CHECK(equal < steep);
  CHECK(steep < medium);
  CHECK(medium < flat);
}

TEST_CASE("sketches of x give nearly the run that exact distances give") {
  const Scratch scratch;
  Lab lab = heterogeneous(6, 5);
  lab.gossip = "topology = \"complete\"\n" + published() + "k = 0.3\n";
  const Trace exact = read_trace(run(lab.config(scratch)).trace);
  lab.gossip = "topology = \"complete\"\n[gossip.moreau]\nspace = \"mass\"\nk = 0.3\n";
  const Trace sketched = read_trace(run(lab.config(scratch)).trace);
  // Five coordinates never share one of 1024 sums, so only the rounding to f32 differs.
  for (const auto& [key, row] : exact)
    for (std::size_t k = 0; k < row.z.size(); ++k)
      CHECK(sketched.at(key).z[k] == Approx(row.z[k]).margin(1e-5));
}

TEST_CASE("weights and sums are kept whatever the distance, the space and the pace") {
  const Scratch scratch;
  const std::string distance = GENERATE("sketch", "exact");
  const std::string space = GENERATE("estimate", "mass");
  const std::string pace = GENERATE("async", "bounded", "sync");
  const bool per_block = GENERATE(false, true);
  CAPTURE(distance, space, pace, per_block);
  Lab lab = heterogeneous(6, 40);
  lab.rounds = 40;
  lab.gossip =
      "topology = \"random-k\"\nfanout = 2\nblock_bytes = 64\n[gossip.moreau]\ndistance = \"" +
      distance + "\"\nspace = \"" + space + "\"\nper_block = " + (per_block ? "true" : "false") +
      "\n";
  peers::Config config = lab.config(scratch);
  config.gossip.pace = pace;
  config.simulate.step_seconds = {0.1, 0.03, 0.2};
  config.simulate.link = {.delay_ms = 40.0, .loss = 0.1, .duplicate = 0.1, .reorder = 0.3};
  const laboratory::Outcome outcome = run(config);
  const peers::RunSummary& summary = outcome.report.summary;
  CHECK(std::abs(summary.weight_total - 6.0) < 1e-9);
  CHECK(summary.weight_in_flight == 0.0);
  for (const auto& peer : summary.peers) CHECK(peer.steps == 40);
  CHECK(run(config).trace == outcome.trace);
}

TEST_CASE("a sketch also weighs a receiver that one never hears from") {
  const Scratch scratch;
  // On a ring everybody pushes ahead and hears from behind.
  Lab lab = averaging({0.0, 1.0, 3.0, -2.0, 5.0}, "", 30);
  lab.gossip = "topology = \"ring\"\n[gossip.moreau]\nk = 1.0\nspace = \"mass\"\n";
  const double sketched = consensus_distance(read_trace(run(lab.config(scratch)).trace), lab);
  lab.gossip = "topology = \"ring\"\n" + published() + "k = 1.0\n";
  const double strangers = consensus_distance(read_trace(run(lab.config(scratch)).trace), lab);
  CAPTURE(sketched, strangers);
  CHECK(sketched < 0.5 * strangers);
}
