#pragma once
// Runs of the simulator on quadratics, for tests that compare their traces with what a published
// algorithm says, and the matrices that say it.

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "peers/config.h"
#include "peers/simulate.h"
#include "runtime/random.h"
#include "tests/support/temporary_folder.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

namespace laboratory {

using Numbers = std::vector<double>;
using Matrix = std::vector<Numbers>;

// Files of numbers that a config can name.
class Scratch {
 public:
  [[nodiscard]] std::string write(const std::string& name, const Matrix& rows) const {
    const std::string file = folder_.path() + "/" + name;
    std::ofstream out(file);
    out.precision(17);
    for (const auto& row : rows) {
      for (std::size_t k = 0; k < row.size(); ++k) out << (k > 0 ? "," : "") << row[k];
      out << "\n";
    }
    return file;
  }

 private:
  TemporaryFolder folder_;
};

inline Matrix random_rows(std::size_t rows, std::size_t columns, double low, double high,
                          std::uint64_t seed) {
  runtime::Random random(seed);
  Matrix matrix(rows, std::vector<double>(columns));
  for (auto& row : matrix) {
    for (double& value : row) value = random.uniform(low, high);
  }
  return matrix;
}

struct Row {
  double weight = 0.0;
  double loss = 0.0;
  std::vector<double> z;
};
using Trace = std::map<std::pair<std::uint64_t, std::uint64_t>, Row>;  // (round, peer)

inline Trace read_trace(const std::string& text) {
  Trace trace;
  std::istringstream in(text);
  std::string line;
  std::getline(in, line);
  while (std::getline(in, line)) {
    std::vector<double> numbers;
    std::istringstream entries(line);
    for (std::string entry; std::getline(entries, entry, ',');) numbers.push_back(std::stod(entry));
    trace[{static_cast<std::uint64_t>(numbers[0]), static_cast<std::uint64_t>(numbers[1])}] = {
        numbers[2], numbers[3], {numbers.begin() + 4, numbers.end()}};
  }
  return trace;
}

inline peers::Config parse(const std::string& text) {
  auto config = peers::parse_config(text, "test.toml", {});
  if (!config) FAIL(config.error().message);
  return *config;
}

struct Outcome {
  peers::SimulationReport report;
  std::string trace;
};

inline Outcome run(const peers::Config& config) {
  std::ostringstream rows;
  auto simulation = peers::Simulation::create(config, &rows);
  if (!simulation) FAIL(simulation.error().message);
  Outcome outcome{(*simulation)->run(runtime::StopSignal(), [](std::uint64_t, std::uint64_t) {}),
                  {}};
  outcome.trace = rows.str();
  return outcome;
}

// Peers on quadratics, in step: f_i(z) = 1/2 sum_k h_ik (z_k - c_ik)^2.
class Laboratory {
 public:
  Laboratory(Matrix c, Matrix h) : centers(std::move(c)), curvature(std::move(h)) {}

  // [round][peer]: the estimates that each local step starts from, and the last.
  [[nodiscard]] std::vector<Matrix> run(const std::string& toml, std::size_t rounds) const {
    return outcome(toml, rounds).estimates;
  }

  struct Seen {
    std::vector<Matrix> estimates;
    double seconds = 0.0;  // of virtual time
    double weight = 0.0;   // of all peers at the end
  };
  [[nodiscard]] Seen outcome(const std::string& toml, std::size_t rounds) const {
    const std::string text =
        "[objective]\nkind = \"quadratic\"\ncenters = \"" + scratch.write("centers.csv", centers) +
        "\"\ncurvature = \"" + scratch.write("curvature.csv", curvature) +
        "\"\n[simulate]\npeers = " + std::to_string(centers.size()) +
        "\nrounds = " + std::to_string(rounds) +
        "\ntrace = true\nprecision = \"f64\"\n[gossip]\npace = \"sync\"\n" + toml;
    const laboratory::Outcome outcome = laboratory::run(parse(text));
    const peers::RunSummary& summary = outcome.report.summary;
    return {by_round(read_trace(outcome.trace), rounds), summary.wall_seconds,
            summary.weight_total};
  }

  [[nodiscard]] Numbers optimum() const {
    Numbers best(centers[0].size());
    for (std::size_t k = 0; k < best.size(); ++k) {
      double slope = 0.0;
      double sum = 0.0;
      for (std::size_t i = 0; i < centers.size(); ++i) {
        slope += curvature[i][k] * centers[i][k];
        sum += curvature[i][k];
      }
      best[k] = slope / sum;
    }
    return best;
  }
  // Largest distance of any peer's numbers.
  [[nodiscard]] double error(const Matrix& estimates) const {
    const Numbers best = optimum();
    double worst = 0.0;
    for (const Numbers& z : estimates) {
      for (std::size_t k = 0; k < z.size(); ++k) worst = std::max(worst, std::abs(z[k] - best[k]));
    }
    return worst;
  }
  [[nodiscard]] Matrix gradient(const Matrix& z) const {
    Matrix g = z;
    for (std::size_t i = 0; i < z.size(); ++i) {
      for (std::size_t k = 0; k < g[i].size(); ++k)
        g[i][k] = curvature[i][k] * (z[i][k] - centers[i][k]);
    }
    return g;
  }

  Scratch scratch;
  Matrix centers;
  Matrix curvature;

 private:
  [[nodiscard]] std::vector<Matrix> by_round(const Trace& trace, std::size_t rounds) const {
    std::vector<Matrix> estimates(rounds + 1, Matrix(centers.size()));
    for (const auto& [key, row] : trace) estimates.at(key.first).at(key.second) = row.z;
    return estimates;
  }
};

inline double difference(const Matrix& a, const Matrix& b) {
  double worst = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t k = 0; k < a[i].size(); ++k)
      worst = std::max(worst, std::abs(a[i][k] - b[i][k]));
  }
  return worst;
}

inline Matrix combine(double a, const Matrix& x, double b, const Matrix& y) {
  Matrix sum = x;
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (std::size_t k = 0; k < x[i].size(); ++k) sum[i][k] = a * x[i][k] + b * y[i][k];
  }
  return sum;
}

inline Matrix multiply(const Matrix& weights, const Matrix& x) {
  Matrix mixed(x.size(), Numbers(x[0].size(), 0.0));
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (std::size_t j = 0; j < x.size(); ++j) {
      for (std::size_t k = 0; k < x[i].size(); ++k) mixed[i][k] += weights[i][j] * x[j][k];
    }
  }
  return mixed;
}

// Both neighbours and oneself, a third each: doubly stochastic.
inline Matrix ring(std::size_t n) {
  Matrix weights(n, Numbers(n, 0.0));
  for (std::size_t i = 0; i < n; ++i)
    weights[i][i] = weights[i][(i + 1) % n] = weights[(i + 1) % n][i] = 1.0 / 3.0;
  return weights;
}

}  // namespace laboratory
