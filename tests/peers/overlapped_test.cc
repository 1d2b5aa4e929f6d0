// Pushes that travel while steps go on: what CoCoD-SGD says must come of it, on the product's own
// peers in virtual time.
#include <cmath>
#include <string>
#include <vector>

#include "tests/peers/laboratory.h"

namespace {

using laboratory::combine;
using laboratory::difference;
using laboratory::Laboratory;
using laboratory::Matrix;
using laboratory::multiply;
using laboratory::Numbers;
using laboratory::random_rows;

std::string cocod(int period, double learning_rate) {
  return "[policy]\npreset = \"cocod-sgd\"\nperiod = " + std::to_string(period) +
         "\nlearning_rate = " + std::to_string(learning_rate) + "\n";
}

std::string local(int period, double learning_rate) {
  return cocod(period, learning_rate) + "schedule = \"periodic\"\n";
}

}  // namespace

TEST_CASE("a lone peer's overlapped run is sgd") {
  const Laboratory lab({{1.0, -2.0}}, {{0.5, 2.0}});
  const auto overlapped = lab.run(cocod(3, 0.1), 20);
  const auto plain = lab.run("[policy]\noptimizer = \"sgd\"\nlearning_rate = 0.1\n", 20);
  for (std::size_t step = 0; step <= 20; ++step)
    CHECK(difference(overlapped[step], plain[step]) < 1e-14);
}

TEST_CASE("peers that are pulled apart for ever stay one period's way apart") {
  // Gradients of 0, 1, 2, 3, as constant as a quadratic with its bottom far away has them.
  const Laboratory lab({{0.0}, {-1e9}, {-2e9}, {-3e9}}, Matrix(4, Numbers{1e-9}));
  const auto rounds = lab.run("topology = \"complete\"\n" + cocod(5, 0.1), 15);
  const auto check = [&](std::size_t round, const Numbers& expected) {
    for (std::size_t i = 0; i < 4; ++i)
      CHECK(rounds[round][i][0] == Approx(expected[i]).margin(1e-7));
  };
  check(5, {0.0, -0.5, -1.0, -1.5});
  check(10, {-0.75, -1.25, -1.75, -2.25});
  check(15, {-1.5, -2.0, -2.5, -3.0});
}

TEST_CASE("an overlapped run is its recursion by matrices, where weights differ too") {
  // Row i, column j: j pushes to i, as much as it keeps and pushes to anybody else.
  const Matrix edges = {{1, 0, 0, 1}, {1, 1, 0, 0}, {0, 1, 1, 0}, {1, 0, 1, 1}};
  const Matrix weights = {
      {1.0 / 3, 0, 0, 0.5}, {1.0 / 3, 0.5, 0, 0}, {0, 0.5, 0.5, 0}, {1.0 / 3, 0, 0.5, 0.5}};
  const int period = GENERATE(1, 2, 5);
  CAPTURE(period);
  const Laboratory lab(random_rows(4, 2, -3.0, 3.0, 51), random_rows(4, 2, 0.5, 2.0, 52));
  const auto run =
      lab.outcome("topology = \"file\"\ntopology_file = \"" +
                      lab.scratch.write("edges.txt", edges) + "\"\n" + cocod(period, 0.05),
                  60);
  CHECK(run.weight == Approx(4.0).epsilon(1e-12));
  Matrix start(4, Numbers(2, 0.0));  // s, of a period
  Matrix a(4, Numbers(2, 1.0));      // the weight, for each number of its peer
  Matrix x = start;
  for (std::size_t step = 0; step < 60; ++step) {
    const bool begins = step % static_cast<std::size_t>(period) == 0;
    if (begins && step > 0) {
      if (step > static_cast<std::size_t>(period)) {  // before, nothing had been pushed
        x = combine(1.0, multiply(weights, start), 1.0, combine(1.0, x, -1.0, start));
        a = multiply(weights, a);
      }
      start = x;
    }
    Matrix z = x;
    for (std::size_t i = 0; i < 4; ++i) {
      for (std::size_t k = 0; k < 2; ++k) z[i][k] /= a[i][k];
    }
    if (const double off = difference(run.estimates[step], z); off > 1e-12)
      FAIL("step " << step << ": " << off);
    x = combine(1.0, x, -0.05, lab.gradient(z));
  }
}

TEST_CASE("one period of staleness costs unlike peers, and costs like peers nothing") {
  const Laboratory unlike(random_rows(8, 3, -3.0, 3.0, 61), random_rows(8, 3, 0.2, 2.0, 62));
  const std::string graph = "topology = \"complete\"\n";
  for (const int period : {1, 5}) {
    CAPTURE(period);
    CHECK(unlike.error(unlike.run(graph + cocod(period, 0.02), 3000).back()) >
          2.0 * unlike.error(unlike.run(graph + local(period, 0.02), 3000).back()));
  }
  const Laboratory like(Matrix(8, Numbers{1.0, -2.0, 3.0}), Matrix(8, Numbers{0.5, 1.0, 2.0}));
  const auto overlapped = like.run(graph + cocod(5, 0.05), 40);
  const auto waiting = like.run(graph + local(5, 0.05), 40);
  for (std::size_t round = 0; round <= 40; ++round)
    CHECK(difference(overlapped[round], waiting[round]) < 1e-13);
}

TEST_CASE("a period takes the longer of computing and communicating, not their sum") {
  const Laboratory lab(random_rows(4, 1, -1.0, 1.0, 71), Matrix(4, Numbers{1.0}));
  const double delay = GENERATE(0.3, 0.7);  // a step takes 0.1 s, so five take 0.5 s
  const auto seconds_a_period = [&](const std::string& policy) {
    const std::string toml =
        policy + "[simulate.link]\ndelay_ms = " + std::to_string(1000.0 * delay) + "\n";
    return (lab.outcome(toml, 100).seconds - lab.outcome(toml, 50).seconds) / 10.0;
  };
  CHECK(seconds_a_period(cocod(5, 0.1)) == Approx(std::max(0.5, delay)).epsilon(0.02));
  CHECK(seconds_a_period(local(5, 0.1)) == Approx(0.5 + delay).epsilon(0.02));
}

TEST_CASE("peers finish an overlapped run without the one that crashed, on a network that loses") {
  const Laboratory lab(random_rows(4, 1, -1.0, 1.0, 81), Matrix(4, Numbers{1.0}));
  // Before the first push, while one travels, and while the last period computes.
  const std::string at = GENERATE("0.0", "0.35", "0.55", "1.05", "5.8");
  CAPTURE(at);
  const auto run =
      lab.outcome(cocod(5, 0.1) + "[simulate.link]\nloss = 0.2\nreorder = 0.3\n" +
                      "[[simulate.faults]]\nat = " + at + "\nkind = \"crash\"\npeers = [2]\n",
                  60);
  CHECK(run.estimates[60][2].empty());
  for (const std::size_t i : {0U, 1U, 3U}) CHECK(std::isfinite(run.estimates[60].at(i).at(0)));
  CHECK(run.weight < 4.0 + 1e-12);
}
