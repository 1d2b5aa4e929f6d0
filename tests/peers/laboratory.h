#pragma once
// Runs of the simulator on quadratics, for tests that compare their traces with what a published
// algorithm says.

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

using Matrix = std::vector<std::vector<double>>;

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

}  // namespace laboratory
