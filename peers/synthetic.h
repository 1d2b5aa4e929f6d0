#pragma once
// A problem of the laboratory: a function of few numbers, given by a formula, with normal noise on
// its gradient.

#include <cstddef>
#include <span>
#include <tuple>
#include <vector>

#include "kernels/backend.h"
#include "peers/objective.h"
#include "runtime/random.h"

namespace peers {

class Synthetic : public Objective {
 public:
  struct Options {
    std::vector<double> start;  // as long as the parameters
    double noise = 0.0;         // standard deviation of each gradient entry's noise
    kernels::Scalar scalar = kernels::Scalar::kF32;
  };
  Synthetic(Options options, runtime::Random random, kernels::Backend& backend);

  [[nodiscard]] std::size_t parameter_count() const override { return options_.start.size(); }
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
  // f(z); its gradient there over what `gradient`, as long as z, holds.
  virtual double value_of(std::span<const double> z, std::span<double> gradient) const = 0;

  template <typename T>
  double gradient_of(kernels::ConstView estimate, kernels::View gradient);

  Options options_;
  runtime::Random random_;
  kernels::Backend* backend_;
  std::vector<double> noise_;  // of the current batch
  std::vector<double> z_;
  std::vector<double> gradient_;
  std::tuple<std::vector<float>, std::vector<double>> numbers_;  // on their way from the device
};

}  // namespace peers
