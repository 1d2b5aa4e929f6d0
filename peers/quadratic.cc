#include "peers/quadratic.h"

#include <fmt/format.h>

#include <charconv>
#include <fstream>
#include <string>
#include <utility>

#include "runtime/check.h"

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

Quadratic::Quadratic(Options options, runtime::Random random, kernels::Backend& backend)
    : options_(std::move(options)), random_(random), backend_(&backend) {
  CHECK(options_.curvature.size() == options_.center.size());
  CHECK(options_.start.size() == options_.center.size());
  noise_.assign(options_.center.size(), 0.0);
}

void Quadratic::write_start(kernels::View host) const {
  for (std::size_t k = 0; k < options_.start.size(); ++k) {
    if (options_.scalar == kernels::Scalar::kF64)
      host.as<double>()[k] = options_.start[k];
    else
      host.as<float>()[k] = static_cast<float>(options_.start[k]);
  }
}

void Quadratic::next_batch() {
  if (options_.noise == 0.0) return;
  for (double& noise : noise_) noise = options_.noise * random_.normal();
}

void Quadratic::visit_state(StateVisitor& visitor) {
  std::uint64_t position = random_.position();
  visitor.count("random", position);
  random_.move_to(position);
}

template <typename T>
double Quadratic::gradient_of(kernels::ConstView estimate, kernels::View gradient) {
  std::vector<T>& z = std::get<std::vector<T>>(z_);
  z.resize(estimate.count());
  backend_->download(estimate, std::span(z));
  double loss = 0.0;
  for (std::size_t k = 0; k < z.size(); ++k) {
    const double away = static_cast<double>(z[k]) - options_.center[k];
    loss += 0.5 * options_.curvature[k] * away * away;
    z[k] = static_cast<T>(options_.curvature[k] * away + noise_[k]);
  }
  if (!gradient.empty()) backend_->upload(std::span<const T>(z), gradient);
  return loss;
}

double Quadratic::gradient_at(kernels::ConstView estimate, kernels::View gradient) {
  CHECK(estimate.count() == parameter_count());
  return options_.scalar == kernels::Scalar::kF64 ? gradient_of<double>(estimate, gradient)
                                                  : gradient_of<float>(estimate, gradient);
}

double Quadratic::loss_at(kernels::ConstView estimate) { return gradient_at(estimate, {}); }

}  // namespace peers
