#include "peers/csv.h"

#include <fmt/format.h>

#include <charconv>
#include <fstream>
#include <string>
#include <string_view>

namespace peers {
namespace {

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

// Appends the numbers of one line; false where an entry is not a number.
bool append_row(std::string_view line, std::vector<double>& values) {
  while (true) {
    const auto comma = line.find(',');
    const std::string_view entry = trim(line.substr(0, comma));
    double value = 0.0;
    const auto [end, failure] = std::from_chars(entry.data(), entry.data() + entry.size(), value);
    if (failure != std::errc{} || end != entry.data() + entry.size()) return false;
    values.push_back(value);
    if (comma == std::string_view::npos) return true;
    line.remove_prefix(comma + 1);
  }
}

}  // namespace

runtime::Result<Table> read_csv(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) return runtime::Error{fmt::format("{}: cannot be read", file.string())};
  Table table;
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    if (trim(line).empty() || trim(line).front() == '#') continue;
    const std::size_t before = table.values.size();
    if (!append_row(line, table.values)) {
      return runtime::Error{fmt::format("{}:{}: expected numbers separated by commas, got \"{}\"",
                                        file.string(), number, trim(line).substr(0, 60))};
    }
    const std::size_t columns = table.values.size() - before;
    if (table.rows > 0 && columns != table.columns) {
      return runtime::Error{fmt::format("{}:{}: {} numbers, the rows above have {}", file.string(),
                                        number, columns, table.columns)};
    }
    table.columns = columns;
    ++table.rows;
  }
  if (table.rows == 0) return runtime::Error{fmt::format("{}: holds no numbers", file.string())};
  return table;
}

}  // namespace peers
