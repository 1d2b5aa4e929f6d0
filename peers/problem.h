#pragma once
// Which problem of the laboratory a peer has: from the config, and the files that it names.

#include <cstddef>
#include <memory>
#include <optional>

#include "kernels/backend.h"
#include "peers/config.h"
#include "peers/csv.h"
#include "peers/objective.h"
#include "runtime/result.h"

namespace peers {

// What all peers of a process share. Empty: no such file is named.
struct ProblemTables {
  std::optional<Table> centers;
  std::optional<Table> curvature;
  std::optional<Table> start;
  std::optional<Table> points;
};
[[nodiscard]] runtime::Result<ProblemTables> read_tables(const ObjectiveConfig& config);

// That of peer `index`, whose row, or rows, the tables must have. objective.kind is not "network".
[[nodiscard]] runtime::Result<std::unique_ptr<Objective>> make_problem(const Config& config,
                                                                       const ProblemTables& tables,
                                                                       std::size_t index,
                                                                       kernels::Backend& backend);

}  // namespace peers
