// Backend::in_pieces(): every number once, and what is done in pieces is what is done at once.
#include <algorithm>
#include <atomic>
#include <string>
#include <vector>

#include "kernels/cpu/row_parts.h"
#include "kernels/open_backend.h"
#include "tests/support/catch.h"

namespace {

std::unique_ptr<kernels::Backend> open(const std::string& device, std::size_t threads) {
  auto opened = kernels::open_backend({.device = device, .threads = threads});
  REQUIRE(opened.ok());
  return std::move(opened.value().backend);
}

}  // namespace

TEST_CASE("pieces cover every number once, whatever the threads") {
  const std::string device = GENERATE("reference", "cpu");
  const std::size_t threads = GENERATE(as<std::size_t>{}, 1, 2, 3, 5);
  const std::size_t count = GENERATE(as<std::size_t>{}, 0, 1, 8191, 8192, 8193, 100001);
  CAPTURE(device, threads, count);
  const auto backend = open(device, threads);
  std::vector<std::atomic<int>> seen(count);
  backend->in_pieces(count, [&](std::size_t first, std::size_t size) {
    for (std::size_t i = first; i < first + size; ++i) seen[i].fetch_add(1);
  });
  for (const auto& times : seen)
    if (times.load() != 1) FAIL("seen " << times.load() << " times");
}

TEST_CASE("vector algebra in pieces gives the bits of vector algebra at once") {
  const std::size_t threads = GENERATE(as<std::size_t>{}, 1, 2);
  const auto backend = open("cpu", threads);
  constexpr std::size_t kCount = 50'001;
  std::vector<float> gradient(kCount);
  for (std::size_t i = 0; i < kCount; ++i)
    gradient[i] = 0.001F * static_cast<float>(i % 977) - 0.3F;
  const auto after = [&](bool pieces) {
    std::vector<float> delta = gradient;
    std::vector<float> m(kCount, 0.7F);
    std::vector<float> x(kCount, 0.1F);
    const kernels::View all[] = {std::span(delta), std::span(m), std::span(x)};
    const auto step = [&](std::size_t first, std::size_t size) {
      const auto part = [&](std::size_t i) { return all[i].slice(first, size); };
      backend->accumulate(-0.1, 0.9, part(0), part(1));
      backend->weighted_sum(0.5, part(0), 1.0, part(2), part(2));
    };
    if (pieces)
      backend->in_pieces(kCount, step);
    else
      step(0, kCount);
    return x;
  };
  CHECK(after(true) == after(false));
}

TEST_CASE("sums that threads take of their rows are the same bits every time") {
  using kernels::cpu::RowPart;
  const std::size_t threads = GENERATE(as<std::size_t>{}, 1, 2, 3);
  const kernels::cpu::Rows rows{.count = 9001, .columns = 5};
  std::vector<float> numbers(rows.count * rows.columns);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = 1.0F / static_cast<float>(i + 1);
  kernels::cpu::RowSums all(threads);
  const auto sums = [&] {
    const double* const taken = all.over(rows, [&](const RowPart& part, double* of_part) {
      std::fill_n(of_part, 2 * rows.columns, 0.0);
      for (std::size_t row = part.first; row < part.first + part.count; ++row) {
        for (std::size_t c = 0; c < rows.columns; ++c) {
          of_part[c] += static_cast<double>(numbers[row * rows.columns + c]);
          of_part[rows.columns + c] += 1.0;
        }
      }
    });
    return std::vector<double>(taken, taken + 2 * rows.columns);
  };
  const std::vector<double> first = sums();
  CHECK(first[rows.columns] == 9001.0);
  CHECK(first[2 * rows.columns - 1] == 9001.0);
  CHECK(first[0] == Approx(2.878819506).epsilon(1e-7));
  for (int i = 0; i < 50; ++i) CHECK(sums() == first);
}
