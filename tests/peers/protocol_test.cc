// What peers exchange, by its laws, on the product's own peers in virtual time.
#include <cmath>
#include <string>
#include <vector>

#include "runtime/random.h"
#include "tests/peers/laboratory.h"

namespace {

using laboratory::combine;
using laboratory::difference;
using laboratory::Laboratory;
using laboratory::Matrix;
using laboratory::multiply;
using laboratory::Numbers;
using laboratory::random_rows;

// Strongly unlike peers: curvatures from 0.5 to 2, centres normal times two, starts at zero.
Laboratory unlike(std::size_t peers, std::size_t dimension) {
  Matrix centers(peers, Numbers(dimension));
  runtime::Random random(5);
  for (Numbers& row : centers)
    for (double& value : row) value = 2.0 * random.normal();
  return {std::move(centers), random_rows(peers, dimension, 0.5, 2.0, 6)};
}

// mean_i |z_i - z*|^2 / |z*|^2
double relative_error(const Laboratory& lab, const Matrix& estimates) {
  const Numbers best = lab.optimum();
  double away = 0.0;
  double length = 0.0;
  for (const double value : best) length += value * value;
  for (const Numbers& z : estimates)
    for (std::size_t k = 0; k < z.size(); ++k) away += (z[k] - best[k]) * (z[k] - best[k]);
  return away / length / static_cast<double>(estimates.size());
}

std::string sgd(double rate) {
  return "[policy]\noptimizer = \"sgd\"\nlearning_rate = " + std::to_string(rate) + "\n";
}

double spread(const Matrix& estimates) {
  double widest = 0.0;
  for (const Numbers& z : estimates) widest = std::max(widest, difference({z}, {estimates[0]}));
  return widest;
}

// What one peer with everybody's data would do: all curvatures and pulls, averaged.
Matrix of_all_data(const Laboratory& lab, double rate, std::size_t rounds) {
  const auto peers = static_cast<double>(lab.centers.size());
  Matrix path(rounds + 1, Numbers(lab.centers[0].size(), 0.0));
  for (std::size_t round = 0; round < rounds; ++round) {
    const Matrix gradients = lab.gradient(Matrix(lab.centers.size(), path[round]));
    path[round + 1] = path[round];
    for (const Numbers& g : gradients)
      for (std::size_t k = 0; k < g.size(); ++k) path[round + 1][k] -= rate * g[k] / peers;
  }
  return path;
}

}  // namespace

TEST_CASE("exact averaging, and d-sgd on a complete graph, are sgd on everybody's data") {
  const Laboratory lab = unlike(GENERATE(5U, 8U), 3);
  const std::string protocol = GENERATE("allreduce", "d-sgd");
  CAPTURE(protocol);
  const auto rounds =
      lab.run("protocol = \"" + protocol + "\"\ntopology = \"complete\"\n" + sgd(0.05), 60);
  const Matrix path = of_all_data(lab, 0.05, 60);
  for (std::size_t round = 0; round <= 60; ++round) {
    CHECK(spread(rounds[round]) < 1e-12);
    CHECK(difference({rounds[round][0]}, {path[round]}) < 1e-12);
  }
}

TEST_CASE("an average that takes rounds of few receivers each is as exact, step by step") {
  const Laboratory lab = unlike(GENERATE(5U, 6U, 8U), 3);
  const std::string fanout = GENERATE("1", "2");
  const std::string policy =
      GENERATE("", "schedule = \"periodic\"\nperiod = 3\n", "order = \"adapt-while-communicate\"\n",
               "outer = \"nesterov\"\nschedule = \"periodic\"\nperiod = 2\n",
               "correction = \"vrl\"\nschedule = \"periodic\"\nperiod = 4\n");
  CAPTURE(lab.centers.size(), fanout, policy);
  const std::string protocol = "protocol = \"allreduce\"\nfanout = " + fanout + "\n";
  const auto at_once = lab.run(protocol + sgd(0.05) + policy, 24);
  const auto in_turn = lab.run(protocol + "topology = \"base-k\"\n" + sgd(0.05) + policy, 24);
  REQUIRE(in_turn.size() == at_once.size());
  for (std::size_t step = 0; step < at_once.size(); ++step)
    CHECK(difference(at_once[step], in_turn[step]) < 1e-12);
}

TEST_CASE("exact averages of local steps leave the published errors on unlike quadratics") {
  const Laboratory lab = unlike(8, 20);
  const auto error = [&](const std::string& schedule) {
    const std::string text = "protocol = \"allreduce\"\n" + sgd(0.02) + schedule;
    return relative_error(lab, lab.run(text, 3200).back());
  };
  CHECK(error("") < 1e-26);
  const double every_fourth = error("schedule = \"periodic\"\nperiod = 4\n");
  CHECK(every_fourth > 1e-6);
  CHECK(every_fourth < 1e-3);
  CHECK(error("schedule = \"periodic\"\nperiod = 16\n") > 4.0 * every_fourth);
}

TEST_CASE("d-sgd is its matrix, keeps every weight at one, and stays off the optimum") {
  const Laboratory lab = unlike(8, 50);
  const auto seen = lab.outcome("protocol = \"d-sgd\"\n" + sgd(0.05), 2000);
  Matrix x(8, Numbers(50, 0.0));
  for (const Matrix& round : seen.estimates) {
    REQUIRE(difference(round, x) < 1e-11);
    x = multiply(laboratory::ring(8), combine(1.0, x, -0.05, lab.gradient(x)));
  }
  CHECK(std::abs(seen.weight - 8.0) < 1e-9);
  const double error = relative_error(lab, seen.estimates.back());
  CHECK(error > 1e-2);
  CHECK(error < 1.0);
}

namespace {

// One way round, and three chords.
Matrix ring_with_chords() {
  Matrix edges(8, Numbers(8, 0.0));
  for (std::size_t j = 0; j < 8; ++j) edges[(j + 1) % 8][j] = 1.0;
  edges[4][0] = edges[6][1] = edges[1][5] = 1.0;
  return edges;
}

// Equal shares to each receiver and oneself.
Matrix column_stochastic(Matrix edges) {
  const std::size_t n = edges.size();
  for (std::size_t j = 0; j < n; ++j) {
    edges[j][j] = 1.0;
    double receivers = 0.0;
    for (std::size_t i = 0; i < n; ++i) receivers += edges[i][j];
    for (std::size_t i = 0; i < n; ++i) edges[i][j] /= receivers;
  }
  return edges;
}

std::string on_file(const Laboratory& lab, const Matrix& edges) {
  return "topology = \"file\"\ntopology_file = \"" + lab.scratch.write("graph.csv", edges) + "\"\n";
}

// Two triangles and a bridge between their first peers.
Matrix two_triangles() {
  Matrix edges(6, Numbers(6, 0.0));
  for (std::size_t i = 0; i < 6; ++i)
    for (std::size_t j = 0; j < 6; ++j) edges[i][j] = i != j && i / 3 == j / 3 ? 1.0 : 0.0;
  edges[0][3] = edges[3][0] = 1.0;
  return edges;
}

std::string tracking(double rate) {
  return "protocol = \"s-addopt\"\n[policy]\npreset = \"s-addopt\"\nlearning_rate = " +
         std::to_string(rate) + "\n";
}

}  // namespace

TEST_CASE("s-addopt is its recursion, on weights that are not one") {
  const Laboratory lab = unlike(8, 3);
  const Matrix edges = ring_with_chords();
  const Matrix b = column_stochastic(edges);
  const auto rounds = lab.run(on_file(lab, edges) + tracking(0.05), 200);
  Matrix x(8, Numbers(3, 0.0));
  Matrix w(8, Numbers(1, 1.0));
  Matrix g = lab.gradient(x);
  Matrix y = g;
  for (std::size_t round = 0; round < 200; ++round) {
    x = combine(1.0, multiply(b, x), -0.05, y);
    w = multiply(b, w);
    Matrix z = x;
    for (std::size_t i = 0; i < 8; ++i)
      for (double& value : z[i]) value /= w[i][0];
    REQUIRE(difference(rounds[round + 1], z) < 1e-11);
    const Matrix next = lab.gradient(z);
    y = combine(1.0, multiply(b, y), 1.0, combine(1.0, next, -1.0, g));
    g = next;
  }
}

TEST_CASE("gradient tracking is exact where push-sum alone stays off the optimum") {
  const Laboratory lab = unlike(8, 200);
  const std::string graph = on_file(lab, ring_with_chords());
  CHECK(relative_error(lab, lab.run(graph + tracking(0.05), 2000).back()) < 1e-20);
  const double pushed = relative_error(lab, lab.run(graph + sgd(0.05), 400).back());
  CHECK(pushed > 5e-3);
  CHECK(pushed < 0.5);
}

TEST_CASE("on two clusters of unlike curvature s-addopt ends with no distance and no gap") {
  Matrix curvature(6, Numbers(20));
  for (std::size_t i = 0; i < 6; ++i)
    for (std::size_t k = 0; k < 20; ++k)
      curvature[i][k] = 0.5 + static_cast<double>(i < 3 ? k : 19 - k) / 19.0;
  const Laboratory lab(random_rows(6, 20, -3.0, 3.0, 8), std::move(curvature));
  const Matrix end = lab.run(on_file(lab, two_triangles()) + tracking(0.05), 2000).back();
  CHECK(lab.error(end) < 1e-14);
  CHECK(spread(end) < 1e-14);
}

namespace {

// How far the mean of all estimates is, in the worst round, from where steps alone would take it.
double drift_of_mean(const Laboratory& lab, const std::vector<Matrix>& rounds, double rate) {
  const auto peers = static_cast<double>(lab.centers.size());
  double worst = 0.0;
  for (std::size_t round = 0; round + 1 < rounds.size(); ++round) {
    const Matrix stepped = combine(1.0, rounds[round], -rate, lab.gradient(rounds[round]));
    for (std::size_t k = 0; k < stepped[0].size(); ++k) {
      double away = 0.0;
      for (std::size_t i = 0; i < stepped.size(); ++i)
        away += (rounds[round + 1][i][k] - stepped[i][k]) / peers;
      worst = std::max(worst, std::abs(away));
    }
  }
  return worst;
}

}  // namespace

TEST_CASE("no exchange moves the mean, whatever codes lose") {
  const Laboratory lab = unlike(8, 40);
  const std::string protocol = GENERATE("choco", "liec");
  for (const auto* codec : {"f32", "bf16", "int8", "int4", "topk", "randomk", "sign"}) {
    CAPTURE(protocol, codec);
    const std::string text = "protocol = \"" + protocol + "\"\ncodec = \"" + codec +
                             "\"\nshare_kept = 0.1\n" + sgd(0.02);
    CHECK(drift_of_mean(lab, lab.run(text, 100), 0.02) < 1e-12);
  }
}

TEST_CASE("liec averages all models every so many rounds, and needs to") {
  const Laboratory lab = unlike(8, 40);
  const auto run = [&](const std::string& codec, const std::string& every) {
    return lab.run("protocol = \"liec\"\ntopology = \"random-k\"\nshare_kept = 0.1\ncodec = \"" +
                       codec + "\"\naverage_every = " + every + "\n" + sgd(0.02),
                   960);
  };
  for (const auto* codec : {"sign", "topk", "f32"}) {
    CAPTURE(codec);
    const auto often = run(codec, "8");
    for (std::size_t round = 8; round <= 960; round += 8) CHECK(spread(often[round]) < 1e-11);
    CHECK(spread(often[957]) > 1e-4);
    const double rare = relative_error(lab, run(codec, "32").back());
    CHECK(relative_error(lab, often.back()) < 0.5 * rare);
    CHECK(rare < 2e-2);
    CHECK(relative_error(lab, run(codec, "2000").back()) > 2.0 * rare);
  }
}

TEST_CASE("choco and quantized push-sum train where coded parameters would not") {
  const Laboratory lab = unlike(8, 40);
  const auto error = [&](const std::string& protocol) {
    return relative_error(lab, lab.run(protocol + sgd(0.02), 2000).back());
  };
  const double plain = error("protocol = \"d-sgd\"\n");
  CHECK(error("protocol = \"choco\"\ncodec = \"int8\"\n") < 1.1 * plain);
  CHECK(error("protocol = \"choco\"\ncodec = \"sign\"\n") < 10.0 * plain);
  CHECK(error("protocol = \"quantized-push-sum\"\ncodec = \"int4\"\n") < 4.0 * plain);
}

namespace {

// Four peers, of whom the third dies: [round][those who are left].
std::vector<Matrix> with_a_death(const Laboratory& lab, const std::string& gossip,
                                 std::uint64_t rounds) {
  const std::string text =
      "[objective]\nkind = \"quadratic\"\ncenters = \"" + lab.scratch.write("c.csv", lab.centers) +
      "\"\ncurvature = \"" + lab.scratch.write("h.csv", lab.curvature) + "\"\n[gossip]\n" + gossip +
      "[simulate]\npeers = 4\ntrace = true\nprecision = \"f64\"\nrounds = " +
      std::to_string(rounds) + "\nfaults = [{ at = 2.05, kind = \"crash\", peers = [2] }]\n";
  const auto trace = laboratory::read_trace(laboratory::run(laboratory::parse(text)).trace);
  CHECK_FALSE(trace.contains({30, 2}));
  std::vector<Matrix> left;
  for (std::uint64_t round = 0; round <= rounds; ++round)
    left.push_back({trace.at({round, 0}).z, trace.at({round, 1}).z, trace.at({round, 3}).z});
  return left;
}

Laboratory without_the_third(const Laboratory& lab) {
  const auto left = [](const Matrix& rows) { return Matrix{rows[0], rows[1], rows[3]}; };
  return {left(lab.centers), left(lab.curvature)};
}

}  // namespace

TEST_CASE("exact averaging is exact again once a death is known") {
  const Laboratory lab = unlike(4, 3);
  const auto left = with_a_death(lab, "protocol = \"allreduce\"\n" + sgd(0.05), 60);
  for (std::size_t round = 30; round <= 60; ++round) CHECK(spread(left[round]) < 1e-12);
}

TEST_CASE("trackers lose nothing by a death: those who live find their own optimum exactly") {
  const Laboratory lab = unlike(4, 3);
  const std::string topology = GENERATE("complete", "one-peer-exponential", "bidirectional-ring");
  CAPTURE(topology);
  const auto left = with_a_death(lab, "topology = \"" + topology + "\"\n" + tracking(0.05), 2000);
  CHECK(without_the_third(lab).error(left.back()) < 1e-12);
}

TEST_CASE("coded differences and steps go on without the dead, and meet") {
  const Laboratory lab = unlike(4, 3);
  const std::string protocol = GENERATE("choco", "liec", "quantized-push-sum");
  CAPTURE(protocol);
  const auto left =
      with_a_death(lab, "protocol = \"" + protocol + "\"\ncodec = \"int4\"\n" + sgd(0.005), 2000);
  CHECK(without_the_third(lab).error(left.back()) < 0.2);
}
