#pragma once

#include <memory>
#include <utility>

#include "kernels/backend.h"
#include "models/batch.h"
#include "models/datasets/dataset.h"
#include "models/loader.h"
#include "models/network.h"
#include "peers/objective.h"

namespace peers {

// A network on this peer's part of the data.
class NetworkObjective final : public Objective {
 public:
  // All parts outlive the objective. `start`: the estimate that every peer of the run starts from.
  struct Parts {
    std::unique_ptr<models::Network> network;
    std::unique_ptr<models::Loader> loader;
    const models::Dataset* test = nullptr;
    kernels::Backend* backend = nullptr;
    std::vector<float> start;
    std::size_t batch = 0;      // samples
    std::size_t batch_max = 0;  // samples that it may come to; 0: it stays
  };
  explicit NetworkObjective(Parts parts);

  [[nodiscard]] std::size_t parameter_count() const override { return parts_.start.size(); }
  [[nodiscard]] std::span<const models::ParameterTensor> tensors() const override {
    return parts_.network->tensors();
  }
  [[nodiscard]] kernels::Scalar scalar() const override { return kernels::Scalar::kF32; }
  [[nodiscard]] std::size_t batch_samples() const override { return parts_.batch; }
  void write_start(kernels::View host) const override;
  void next_batch() override;
  double gradient_at(kernels::ConstView estimate, kernels::View gradient) override;
  void visit_state(StateVisitor& visitor) override;
  [[nodiscard]] bool parts_batches() const override { return true; }
  void gradient_of_part(const Part& part, kernels::ConstView estimate,
                        kernels::View gradient) override;
  void set_batch_samples(std::size_t samples) override;
  [[nodiscard]] std::size_t statistic_count() const override {
    return parts_.network->parameter_count() - parts_.network->learned_count();
  }
  void move_statistics(kernels::ConstView estimate, kernels::View delta) override {
    parts_.network->move_statistics(estimate, delta);
  }
  [[nodiscard]] std::size_t activation_bytes() const override {
    return parts_.network->activation_bytes();
  }
  [[nodiscard]] std::optional<Quality> evaluate(kernels::ConstView estimate) override;

  [[nodiscard]] const models::Network& network() const { return *parts_.network; }

 private:
  Parts parts_;
  models::BatchStage stage_;
  models::Batch batch_;  // current
};

}  // namespace peers
