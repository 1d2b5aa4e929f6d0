#include "peers/quadratic.h"

#include <cmath>
#include <filesystem>
#include <fstream>

#include "kernels/open_backend.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

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

TEST_CASE("a quadratic's loss and gradient are those on paper, in both precisions") {
  const auto scalar = GENERATE(kernels::Scalar::kF32, kernels::Scalar::kF64);
  const auto opened = kernels::open_backend({"cpu", 1});
  kernels::Backend& backend = *opened->backend;
  peers::Quadratic quadratic({.center = {1.0, 2.0},
                              .curvature = {2.0, 0.5},
                              .start = {3.0, 0.0},
                              .noise = 0.0,
                              .scalar = scalar},
                             runtime::Random(1), backend);
  kernels::Buffer z = backend.allocate(2, scalar);
  kernels::Buffer gradient = backend.allocate(2, scalar);
  quadratic.write_start(z.view());  // a host backend: its memory is ours
  quadratic.next_batch();
  CHECK(quadratic.gradient_at(z.view(), gradient.view()) == 5.0);  // 1/2 (2*4 + 0.5*4)
  CHECK(backend.dot(gradient.view(), gradient.view()) == 17.0);    // (4, -1)
}

TEST_CASE("gradient noise has the deviation that was asked for, and a batch keeps its own") {
  const auto opened = kernels::open_backend({"cpu", 1});
  kernels::Backend& backend = *opened->backend;
  constexpr std::size_t kCount = 20000;
  const std::vector<double> zeros(kCount, 0.0);
  peers::Quadratic quadratic({.center = zeros,
                              .curvature = zeros,
                              .start = zeros,
                              .noise = 0.5,
                              .scalar = kernels::Scalar::kF64},
                             runtime::Random(7), backend);
  kernels::Buffer z = backend.allocate(kCount, kernels::Scalar::kF64);
  kernels::Buffer first = backend.allocate(kCount, kernels::Scalar::kF64);
  kernels::Buffer second = backend.allocate(kCount, kernels::Scalar::kF64);
  quadratic.next_batch();
  quadratic.gradient_at(z.view(), first.view());
  quadratic.gradient_at(z.view(), second.view());
  const double power = backend.dot(first.view(), first.view());
  CHECK(std::sqrt(power / kCount) == Approx(0.5).margin(0.01));
  CHECK(backend.dot(first.view(), second.view()) == power);  // asked twice of one batch: the same
  quadratic.next_batch();
  quadratic.gradient_at(z.view(), second.view());
  CHECK(std::abs(backend.dot(first.view(), second.view())) < 0.05 * power);
}
