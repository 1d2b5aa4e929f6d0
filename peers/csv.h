#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <vector>

#include "runtime/result.h"

namespace peers {

// Numbers of a CSV file, row by row; all rows of one length. Refused with file and line: no
// numbers, not a number, rows of different lengths.
struct Table {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::vector<double> values;

  [[nodiscard]] std::span<const double> row(std::size_t index) const {
    return std::span(values).subspan(index * columns, columns);
  }
};
[[nodiscard]] runtime::Result<Table> read_csv(const std::filesystem::path& file);

}  // namespace peers
