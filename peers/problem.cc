#include "peers/problem.h"

#include <fmt/format.h>

#include <cmath>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "peers/logistic.h"
#include "peers/quadratic.h"
#include "runtime/random.h"

namespace peers {
namespace {

using Row = std::vector<double>;
using MadeProblem = runtime::Result<std::unique_ptr<Objective>>;

constexpr std::uint64_t kNoiseStream = 2ULL << 32U;  // of the run's seed
// Of objective.points: whose the point is, and its label; the rest are features.
constexpr std::size_t kColumnsBefore = 2;

// Its own row, or the only one where one may serve all; where there is no table, so often `rest`.
runtime::Result<Row> row_of(const std::optional<Table>& table, std::string_view key,
                            std::size_t index, std::size_t columns, double rest) {
  if (!table) return Row(columns, rest);
  const std::size_t row = table->rows == 1 && key != "objective.centers" ? 0 : index;
  if (row >= table->rows)
    return runtime::Error{
        fmt::format("{}: {} rows, but there is a peer {}", key, table->rows, index)};
  if (table->columns != columns)
    return runtime::Error{
        fmt::format("{}: {} columns, but {} parameters", key, table->columns, columns)};
  const auto values = table->row(row);
  return Row(values.begin(), values.end());
}

runtime::Result<Synthetic::Options> options_of(const Config& config, const ProblemTables& tables,
                                               std::size_t index, std::size_t parameters) {
  auto start = row_of(tables.start, "objective.start", index, parameters, 0.0);
  if (!start) return start.error();
  return Synthetic::Options{
      .start = std::move(start).value(),
      .noise = config.objective.noise,
      .scalar = config.simulate.precision == "f64" ? kernels::Scalar::kF64 : kernels::Scalar::kF32};
}

MadeProblem make_quadratic(const Config& config, const ProblemTables& tables, std::size_t index,
                           kernels::Backend& backend) {
  const std::size_t columns = tables.centers->columns;
  auto center = row_of(tables.centers, "objective.centers", index, columns, 0.0);
  if (!center) return center.error();
  auto curvature = row_of(tables.curvature, "objective.curvature", index, columns, 1.0);
  if (!curvature) return curvature.error();
  auto options = options_of(config, tables, index, columns);
  if (!options) return options.error();
  return std::unique_ptr<Objective>(
      std::make_unique<Quadratic>(Quadratic::Options{.center = std::move(center).value(),
                                                     .curvature = std::move(curvature).value(),
                                                     .start = options->start,
                                                     .noise = options->noise,
                                                     .scalar = options->scalar},
                                  runtime::Random(config.seed, kNoiseStream + index), backend));
}

runtime::Result<LabelledPoints> points_of(const Table& table, std::size_t index) {
  LabelledPoints points;
  for (std::size_t i = 0; i < table.rows; ++i) {
    const auto row = table.row(i);
    if (row[0] != static_cast<double>(index)) continue;
    points.labels.push_back(row[1] == 1.0 ? 1 : 0);
    points.features.insert(points.features.end(), row.begin() + kColumnsBefore, row.end());
  }
  if (points.labels.empty())
    return runtime::Error{fmt::format("objective.points: no point of peer {}", index)};
  return points;
}

MadeProblem make_logistic(const Config& config, const ProblemTables& tables, std::size_t index,
                          kernels::Backend& backend) {
  auto points = tables.points ? points_of(*tables.points, index)
                              : runtime::Result(draw_points(config.seed, index));
  if (!points) return points.error();
  auto options = options_of(config, tables, index, points->features.size() / points->labels.size());
  if (!options) return options.error();
  return std::unique_ptr<Objective>(std::make_unique<Logistic>(
      std::move(points).value(), config.objective.l2, std::move(options).value(),
      runtime::Random(config.seed, kNoiseStream + index), backend));
}

runtime::Status check_points(const Table& table) {
  if (table.columns <= kColumnsBefore)
    return runtime::Error{fmt::format(
        "objective.points: {} columns, expected a peer, a label and features", table.columns)};
  for (std::size_t i = 0; i < table.rows; ++i) {
    const double peer = table.row(i)[0];
    const double label = table.row(i)[1];
    if (peer < 0.0 || peer != std::floor(peer))
      return runtime::Error{
          fmt::format("objective.points: row {}: expected a peer from 0 on, got {}", i + 1, peer)};
    if (label != 0.0 && label != 1.0)
      return runtime::Error{fmt::format(
          "objective.points: row {}: expected a label of 0 or 1, got {}", i + 1, label)};
  }
  return {};
}

}  // namespace

runtime::Result<ProblemTables> read_tables(const ObjectiveConfig& config) {
  ProblemTables tables;
  for (const auto& [file, table] :
       {std::pair(&config.centers, &tables.centers),
        std::pair(&config.curvature, &tables.curvature), std::pair(&config.start, &tables.start),
        std::pair(&config.points, &tables.points)}) {
    if (file->empty()) continue;
    auto read = read_csv(*file);
    if (!read) return read.error();
    *table = std::move(read).value();
  }
  if (tables.points)
    if (runtime::Status fine = check_points(*tables.points); !fine) return fine.error();
  return tables;
}

MadeProblem make_problem(const Config& config, const ProblemTables& tables, std::size_t index,
                         kernels::Backend& backend) {
  return config.objective.kind == "quadratic" ? make_quadratic(config, tables, index, backend)
                                              : make_logistic(config, tables, index, backend);
}

}  // namespace peers
