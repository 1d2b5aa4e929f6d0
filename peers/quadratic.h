#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <tuple>
#include <vector>

#include "kernels/backend.h"
#include "peers/objective.h"
#include "runtime/random.h"
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

// f(z) = 1/2 sum_k h_k (z_k - c_k)^2, with normal noise on its gradient: one peer's problem of the
// laboratory, whose optimum over all peers is known in closed form.
class Quadratic final : public Objective {
 public:
  struct Options {
    std::vector<double> center;     // c
    std::vector<double> curvature;  // h, as long as c
    std::vector<double> start;      // as long as c
    double noise = 0.0;             // standard deviation of each gradient entry's noise
    kernels::Scalar scalar = kernels::Scalar::kF32;
  };
  Quadratic(Options options, runtime::Random random, kernels::Backend& backend);

  [[nodiscard]] std::size_t parameter_count() const override { return options_.center.size(); }
  [[nodiscard]] kernels::Scalar scalar() const override { return options_.scalar; }
  [[nodiscard]] std::size_t batch_samples() const override { return 1; }
  void write_start(kernels::View host) const override;
  void next_batch() override;
  double gradient_at(kernels::ConstView estimate, kernels::View gradient) override;
  void visit_state(StateVisitor& visitor) override;
  [[nodiscard]] std::optional<Quality> evaluate(kernels::ConstView /*estimate*/) override {
    return {};
  }

  [[nodiscard]] double loss_at(kernels::ConstView estimate);

 private:
  template <typename T>
  double gradient_of(kernels::ConstView estimate, kernels::View gradient);

  Options options_;
  runtime::Random random_;
  kernels::Backend* backend_;
  std::vector<double> noise_;                              // of the current batch
  std::tuple<std::vector<float>, std::vector<double>> z_;  // room for an estimate, then a gradient
};

}  // namespace peers
