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

TEST_CASE("what a guess would have come to stands beside what a network did") {
  const auto quality = [](const std::string& rate) {
    const peers::Config config = parse(
        "[train]\nsteps = 20\nbatch = 8\n[model]\nkind = \"logistic\"\n[policy]\n"
        "learning_rate = " +
        rate + "\n[simulate]\npeers = 2\n");
    return run(config).report.summary.average.value();
  };
  CHECK(quality("0.05").guess_loss == std::log(10.0));
  CHECK(peers::guess_warning(quality("0.05")).empty());
  CHECK_FALSE(peers::guess_warning(quality("1e-9")).empty());
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

TEST_CASE("a peer that froze for less than a suspicion lasts goes on as if nothing had been") {
  const Scratch scratch;
  const Matrix rows = random_rows(kPeers, kDimension, -1.0, 1.0, 6);
  const peers::Config config = parse(
      quadratic_toml(scratch, rows, Matrix(kPeers, std::vector<double>(kDimension, 1.0))) +
      "faults = [{ at = 1.0, kind = \"freeze\", peers = [1] }, { at = 3.0, kind = \"thaw\", peers "
      "= [1] },"
      " { at = 1.5, kind = \"cut\", peers = [3] }, { at = 3.5, kind = \"heal\", peers = [3] }]\n"
      "[membership]\nsuspicion_multiplier = 20.0\n");
  const peers::RunSummary summary = run(config).report.summary;
  for (const auto& peer : summary.peers) CHECK(peer.steps == kRounds);
  CHECK(std::abs(summary.weight_total - static_cast<double>(kPeers)) < 1e-9);
}

namespace {

// The largest squared distance of an estimate from the minimum of the sum of all losses, relative
// to the minimum's own size.
double error_of(const peers::RunSummary& summary, const Matrix& centers) {
  double worst = 0.0;
  std::vector<double> minimum(centers.front().size(), 0.0);
  double size = 0.0;
  for (std::size_t k = 0; k < minimum.size(); ++k) {
    for (const auto& row : centers) minimum[k] += row[k] / static_cast<double>(centers.size());
    size += minimum[k] * minimum[k];
  }
  for (const auto& peer : summary.peers) {
    double distance = 0.0;
    for (std::size_t k = 0; k < minimum.size(); ++k)
      distance += std::pow(peer.estimate[k] - minimum[k], 2);
    worst = std::max(worst, distance / size);
  }
  return worst;
}

// Two peers, quadratics whose centres differ, blocks of a hundred numbers, a bad network.
std::string two_peers_toml(const Scratch& scratch, const Matrix& centers) {
  return "[objective]\nkind = \"quadratic\"\ncenters = \"" + scratch.write("centers.csv", centers) +
         "\"\n[simulate]\npeers = 2\nrounds = 300\n"
         "link = { delay_ms = 20.0, loss = 0.1, duplicate = 0.1, reorder = 0.2 }\n"
         "[policy]\nlearning_rate = 0.02\n[gossip]\nblock_bytes = 400\n";
}

struct CodecFloor {
  const char* codec;
  double most;
};
constexpr CodecFloor kFloors[] = {
    {"f32", 1e-11}, {"bf16", 1e-5}, {"f16", 2e-7}, {"int8", 1e-4}, {"int4", 3e-2}};

void check_books(const peers::RunSummary& summary) {
  CHECK(std::abs(summary.weight_total - 2.0) < 1e-9);
  CHECK(summary.weight_in_flight == 0.0);
}

}  // namespace

TEST_CASE("in step, two peers find the minimum to the floor of their codec, total weight exact") {
  const Scratch scratch;
  const Matrix centers = random_rows(2, 300, -1.0, 1.0, 7);
  for (const CodecFloor& floor : kFloors) {
    CAPTURE(floor.codec);
    peers::Config config = parse(two_peers_toml(scratch, centers));
    config.gossip.codec = floor.codec;
    config.gossip.pace = "sync";
    const peers::RunSummary summary = run(config).report.summary;
    check_books(summary);
    CHECK(error_of(summary, centers) < floor.most);
  }
}

TEST_CASE("at their own pace, a codec moves two peers no further off than its floor") {
  const Scratch scratch;
  const Matrix centers = random_rows(2, 300, -1.0, 1.0, 7);
  peers::Config config = parse(two_peers_toml(scratch, centers));
  const double plain = error_of(run(config).report.summary, centers);  // pulled apart by delays
  for (const CodecFloor& floor : kFloors) {
    CAPTURE(floor.codec);
    config.gossip.codec = floor.codec;
    const peers::RunSummary summary = run(config).report.summary;
    check_books(summary);
    CHECK(std::abs(error_of(summary, centers) - plain) < 10.0 * std::sqrt(floor.most * plain));
  }
}

TEST_CASE("pushes of one block find the minimum too, in both paces and orders, with a codec") {
  const Scratch scratch;
  const Matrix centers = random_rows(2, 300, -1.0, 1.0, 7);
  for (const char* order : {"round-robin", "random"}) {
    for (const char* codec : {"f32", "int8"}) {
      CAPTURE(order, codec);
      peers::Config config = parse(two_peers_toml(scratch, centers));
      config.gossip.blocks_per_push = 1;
      config.gossip.block_choice = order;
      config.gossip.codec = codec;
      check_books(run(config).report.summary);
      config.gossip.pace = "sync";
      config.policy.learning_rate_rule = "cosine";
      const peers::RunSummary summary = run(config).report.summary;
      check_books(summary);
      CHECK(error_of(summary, centers) < 1e-2);
    }
  }
}

TEST_CASE("shares by distance go with codecs and with pushes of some blocks, in every pace") {
  const Scratch scratch;
  const Matrix centers = random_rows(2, 300, -1.0, 1.0, 7);
  for (const char* distance : {"exact", "sketch"}) {
    for (const char* pace : {"async", "bounded", "sync"}) {
      for (const char* codec : {"f32", "int8"}) {
        CAPTURE(distance, pace, codec);
        peers::Config config = parse(two_peers_toml(scratch, centers));
        config.simulate.rounds = 60;
        config.gossip.weighting = "moreau";
        config.gossip.moreau.distance = distance;
        config.gossip.pace = pace;
        config.gossip.codec = codec;
        config.gossip.blocks_per_push = 1;
        const peers::RunSummary summary = run(config).report.summary;
        check_books(summary);
        for (const auto& peer : summary.peers) CHECK(peer.steps == 60);
        config.gossip.blocks_per_push.reset();
        check_books(run(config).report.summary);
      }
    }
  }
}

TEST_CASE("damping slows mixing and keeps the books") {
  const Scratch scratch;
  const Matrix centers = random_rows(2, 300, -1.0, 1.0, 7);
  peers::Config config = parse(two_peers_toml(scratch, centers));
  config.gossip.pace = "sync";
  config.simulate.rounds = 5;
  const double quick = run(config).report.summary.consensus_distance;
  config.gossip.damping = 0.2;
  const peers::RunSummary damped = run(config).report.summary;
  check_books(damped);
  CHECK(damped.consensus_distance > 2.0 * quick);
}

TEST_CASE("peers of another codec or choice of blocks are another run") {
  const Scratch scratch;
  const Matrix centers = random_rows(2, 10, -1.0, 1.0, 7);
  const auto fingerprint = [&](const std::vector<std::string>& sets) {
    const auto config = peers::parse_config(two_peers_toml(scratch, centers), "x.toml", sets);
    REQUIRE(config.ok());
    return peers::Simulation::create(*config, nullptr).value()->assembly(0).fingerprint();
  };
  const std::uint64_t plain = fingerprint({"gossip.codec=f32"});
  const std::uint64_t in_turn = fingerprint({"gossip.blocks_per_push=1"});
  CHECK(fingerprint({"gossip.damping=0.5"}) == plain);
  CHECK(fingerprint({"gossip.codec=bf16"}) != plain);
  CHECK(fingerprint({"gossip.codec=int8"}) != plain);
  CHECK(in_turn != plain);
  CHECK(fingerprint({"gossip.blocks_per_push=2"}) != in_turn);
  CHECK(fingerprint({"gossip.blocks_per_push=1", "gossip.block_choice=random"}) != in_turn);
}

// A rate at which nothing moves: two passes over the same samples, in another order.
TEST_CASE("a trace of a network holds the loss of each step's batch, and nothing of earlier ones") {
  const peers::Config config = parse(R"(run = "t"
[data]
limit = 320
[model]
kind = "logistic"
[train]
steps = 20
batch = 32
[policy]
optimizer = "sgd"
learning_rate = 1e-30
[gossip]
pace = "sync"
[simulate]
peers = 1
trace = true
)");
  const Trace trace = read_trace(run(config).trace);
  double passes[2] = {0.0, 0.0};
  for (std::uint64_t step = 1; step <= 20; ++step) passes[step > 10] += trace.at({step, 0}).loss;
  CHECK(passes[0] == Approx(passes[1]).epsilon(1e-6));
}
