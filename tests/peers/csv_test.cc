#include "peers/csv.h"

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/temporary_folder.h"

#include "tests/support/catch.h"

namespace {

runtime::Result<peers::Table> read(const std::string& text) {
  const TemporaryFolder folder;
  const std::filesystem::path file = std::filesystem::path(folder.path()) / "t.csv";
  std::ofstream(file) << text;
  auto table = peers::read_csv(file);
  if (table) return table;
  // The folder's name differs from run to run: the refusal without it.
  const std::string message = table.error().message;
  return runtime::Error{message.substr(message.find("t.csv"))};
}

}  // namespace

TEST_CASE("a table is rows of numbers, with comments and blank lines between them") {
  const auto table = read("# two peers\n1, -2.5e1\n\n3,4\n");
  REQUIRE(table.ok());
  CHECK(table->rows == 2);
  CHECK(table->columns == 2);
  CHECK(table->values == std::vector<double>{1.0, -25.0, 3.0, 4.0});
}

TEST_CASE("a table that is no table is refused with its line") {
  CHECK(read("").error().message == "t.csv: holds no numbers");
  CHECK(read("1,2\n3\n").error().message == "t.csv:2: 1 numbers, the rows above have 2");
  CHECK(read("1,two\n").error().message ==
        "t.csv:1: expected numbers separated by commas, got \"1,two\"");
  CHECK(read("1,\n").error().message ==
        "t.csv:1: expected numbers separated by commas, got \"1,\"");
  CHECK(!peers::read_csv("/nowhere/t.csv").ok());
}
