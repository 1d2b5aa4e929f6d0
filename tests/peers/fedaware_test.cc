// The common direction: the published vectors, what must hold of any shortest combination, and the
// product's own peers in virtual time beside the algorithm in matrices.
#include "peers/policies/fedaware.h"

#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "peers/policies/min_norm.h"
#include "tests/peers/laboratory.h"
#include "tests/support/config_texts.h"

namespace {

using laboratory::combine;
using laboratory::difference;
using laboratory::Laboratory;
using laboratory::Matrix;
using laboratory::Numbers;
using laboratory::random_rows;

double dot(const Numbers& a, const Numbers& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

Numbers weights_of(const Matrix& vectors) {
  Numbers gram;
  for (const Numbers& a : vectors)
    for (const Numbers& b : vectors) gram.push_back(dot(a, b));
  return peers::min_norm_weights(gram, vectors.size());
}

Numbers combined(const Numbers& lambda, const Matrix& vectors) {
  Numbers sum(vectors[0].size(), 0.0);
  for (std::size_t c = 0; c < vectors.size(); ++c)
    for (std::size_t k = 0; k < sum.size(); ++k) sum[k] += lambda[c] * vectors[c][k];
  return sum;
}

Matrix normalised(Matrix vectors) {
  for (Numbers& vector : vectors) {
    const double length = std::sqrt(dot(vector, vector));
    for (double& number : vector) number /= length > 0.0 ? length : 1.0;
  }
  return vectors;
}

// What the server of FedAWARE would do, with the lambda that peers can know by then: that of the
// memories which came with the last mix.
struct Server {
  Numbers x;
  Matrix memory{};
  bool known = false;

  void round(const Matrix& moved, double rate, bool projected) {
    const double peers = static_cast<double>(moved.size());
    const Matrix units = normalised(memory);
    Numbers d = combined(Numbers(moved.size(), 1.0 / peers), moved);
    double along = 1.0;
    Numbers lambda;
    if (known) {
      lambda = weights_of(units);
      const Numbers old = combined(lambda, units);
      const Numbers plain = combined(Numbers(moved.size(), 1.0 / peers), memory);
      if (projected) along = dot(plain, old) / dot(old, old);
    }
    memory = combine(0.5, memory, 0.5, moved);
    if (known) d = combined(lambda, normalised(memory));
    for (std::size_t k = 0; k < x.size(); ++k) x[k] -= (known ? rate * along : 1.0) * d[k];
    known = true;
  }
};

std::string preset(bool projected, double rate) {
  return std::string("[policy]\npreset = \"fedaware\"\nlearning_rate = 0.02\nperiod = 4\n") +
         "fedaware_projected = " + (projected ? "true" : "false") +
         "\nfedaware_rate = " + std::to_string(rate) + "\n";
}

}  // namespace

TEST_CASE("the shortest combination of the published pair") {
  const Numbers raw = weights_of({{2.0, 0.0}, {0.0, 1.0}});
  CHECK(raw[0] == Approx(0.2));
  CHECK(raw[1] == Approx(0.8));
  const Numbers even = weights_of(normalised({{2.0, 0.0}, {0.0, 1.0}}));
  CHECK(even[0] == Approx(0.5));
  CHECK(weights_of({{3.0, 1.0}}) == Numbers{1.0});
  // Beyond the right angle the shorter one alone; opposites cancel.
  CHECK(weights_of({{1.0, 0.0}, {5.0, 1.0}}) == Numbers{1.0, 0.0});
  CHECK(weights_of({{1.0, 0.0}, {-1.0, 0.0}}) == Numbers{0.5, 0.5});
  CHECK(weights_of({{0.0, 0.0}, {1.0, 0.0}}) == Numbers{1.0, 0.0});
}

TEST_CASE("the shortest combination descends for all, and is no longer than the mean") {
  for (const std::size_t count : {2U, 3U, 8U, 40U}) {
    for (const std::size_t size : {2U, 5U, 100U}) {
      CAPTURE(count, size);
      const Matrix units = normalised(random_rows(count, size, -1.0, 1.5, 100 * count + size));
      const Numbers lambda = weights_of(units);
      const Numbers d = combined(lambda, units);
      CHECK(std::accumulate(lambda.begin(), lambda.end(), 0.0) == Approx(1.0));
      for (std::size_t c = 0; c < count; ++c) {
        CHECK(lambda[c] >= 0.0);
        CHECK(dot(units[c], d) >= dot(d, d) - 1e-6);
        if (lambda[c] > 1e-6) CHECK(dot(units[c], d) == Approx(dot(d, d)).margin(1e-6));
      }
      const Numbers mean = combined(Numbers(count, 1.0 / static_cast<double>(count)), units);
      CHECK(dot(d, d) <= dot(mean, mean) + 1e-12);
    }
  }
}

TEST_CASE("who is there twice does not count twice") {
  const Matrix once = normalised(random_rows(4, 6, -1.0, 1.5, 9));
  Matrix twice = once;
  twice.push_back(once[2]);
  twice.push_back(once[2]);
  const Numbers d = combined(weights_of(once), once);
  const Numbers same = combined(weights_of(twice), twice);
  for (std::size_t k = 0; k < d.size(); ++k) CHECK(same[k] == Approx(d[k]).margin(1e-6));
}

TEST_CASE("fedaware without a server goes where its server would go") {
  const bool projected = GENERATE(true, false);
  CAPTURE(projected);
  const Laboratory lab({random_rows(6, 12, -3.0, 3.0, 51)}, {random_rows(6, 12, 0.5, 2.0, 52)});
  const double rate = projected ? 1.0 : 0.05;
  const auto rounds = lab.run(preset(projected, rate), 80);
  Server server{.x = Numbers(12, 0.0), .memory = Matrix(6, Numbers(12, 0.0))};
  for (std::size_t round = 0; round < 20; ++round) {
    CAPTURE(round);
    // At the start of a period all are where the server has sent them.
    for (const Numbers& z : rounds[4 * round])
      for (std::size_t k = 0; k < 12; ++k) CHECK(z[k] == Approx(server.x[k]).margin(1e-5));
    Matrix z(6, server.x);
    for (int step = 0; step < 4; ++step) z = combine(1.0, z, -0.02, lab.gradient(z));
    server.round(combine(1.0, Matrix(6, server.x), -1.0, z), rate, projected);
  }
}

TEST_CASE(
    "an outer optimizer goes on from the common direction, and peers bring their steps alone") {
  const bool nesterov = GENERATE(true, false);
  CAPTURE(nesterov);
  const Laboratory lab({random_rows(6, 12, -3.0, 3.0, 51)}, {random_rows(6, 12, 0.5, 2.0, 52)});
  const std::string outer = std::string("outer = \"") + (nesterov ? "nesterov" : "heavy-ball") +
                            "\"\nouter_learning_rate = 0.6\nouter_momentum = 0.5\n";
  const auto rounds = lab.run(preset(true, 1.0) + outer, 80);
  Server server{.x = Numbers(12, 0.0), .memory = Matrix(6, Numbers(12, 0.0))};
  Numbers v(12, 0.0);
  for (std::size_t round = 0; round < 20; ++round) {
    CAPTURE(round);
    for (const Numbers& z : rounds[4 * round])
      for (std::size_t k = 0; k < 12; ++k) CHECK(z[k] == Approx(server.x[k]).margin(1e-5));
    const Numbers anchor = server.x;
    Matrix z(6, anchor);
    for (int step = 0; step < 4; ++step) z = combine(1.0, z, -0.02, lab.gradient(z));
    server.round(combine(1.0, Matrix(6, anchor), -1.0, z), 1.0, true);
    for (std::size_t k = 0; k < 12; ++k) {
      const double d = anchor[k] - server.x[k];
      v[k] = 0.5 * v[k] + d;
      server.x[k] = anchor[k] - 0.6 * (nesterov ? d + 0.5 * v[k] : v[k]);
    }
  }
}

TEST_CASE("a peer that is there twice does not pull fedaware, and does pull the plain average") {
  const Matrix c = random_rows(3, 4, -3.0, 3.0, 61);
  const Matrix h(4, Numbers(4, 1.0));
  const Laboratory even({c[0], c[1], c[2]}, {h[0], h[1], h[2]});
  const Laboratory uneven({c[0], c[1], c[2], c[2]}, h);
  const std::string fair = preset(false, 0.02);
  CHECK(difference({even.run(fair, 400).back()[0]}, {uneven.run(fair, 400).back()[0]}) < 0.05);
  const auto plainly = [&](const Laboratory& lab) {
    return lab
        .run(
            "topology = \"complete\"\n[policy]\npreset = \"local-sgd\"\n"
            "learning_rate = 0.02\nperiod = 4\n",
            400)
        .back()[0];
  };
  CHECK(difference({plainly(even)}, {plainly(uneven)}) > 0.1);
}

TEST_CASE("fedaware keeps everybody's weight, on any graph, and the same bits every time") {
  const Laboratory lab({random_rows(7, 3, -3.0, 3.0, 71)}, {random_rows(7, 3, 0.5, 2.0, 72)});
  const std::string graph =
      GENERATE("one-peer-exponential", "ring", "exponential", "random-regular");
  CAPTURE(graph);
  const std::string text = "topology = \"" + graph + "\"\n" + preset(true, 1.0);
  const auto seen = lab.outcome(text, 200);
  CHECK(seen.weight == Approx(7.0));
  CHECK(lab.run(text, 200) == seen.estimates);
}

TEST_CASE("what fedaware cannot go with is refused with the reason") {
  using test::refusal;
  const std::string chosen = "policy.preset = \"fedaware\"\n";
  CHECK(test::accepted(chosen).gossip.pace == "sync");
  CHECK_THAT(refusal(chosen, {"gossip.pace=async"}),
             Catch::Contains("it needs gossip.pace = \"sync\", got \"async\""));
  CHECK_THAT(refusal(chosen, {"policy.schedule=overlapped"}),
             Catch::Contains("the next ones have been taken by then"));
  CHECK_THAT(refusal(chosen, {"gossip.blocks_per_push=1"}), Catch::Contains("whole models"));
  CHECK_THAT(refusal(chosen, {"gossip.protocol=s-addopt", "policy.correction=fedaware"}),
             Catch::Contains("expected \"gradient-tracking\", got \"fedaware\""));
  CHECK_THAT(refusal(chosen, {"gossip.protocol=liec", "policy.correction=fedaware"}),
             Catch::Contains("expected \"none\", got \"fedaware\""));
}
