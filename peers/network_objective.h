#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "kernels/backend.h"
#include "models/batch.h"
#include "models/datasets/dataset.h"
#include "models/loader.h"
#include "models/network.h"
#include "models/test_set.h"
#include "peers/objective.h"

namespace peers {

// A network on this peer's part of the data.
class NetworkObjective final : public Objective {
 public:
  struct Task {
    const models::Dataset* train = nullptr;
    const models::Dataset* test = nullptr;
    std::vector<std::uint32_t> part;  // of train: this peer's
  };
  // All parts outlive the objective. `start`: the estimate that every peer of the run starts from.
  struct Parts {
    std::unique_ptr<models::Network> network;
    std::vector<Task> tasks;       // one at least
    std::uint64_t task_steps = 0;  // batches of each; the last goes on
    models::LoaderOptions loading{};
    kernels::Backend* backend = nullptr;
    std::vector<float> start;
    std::size_t batch = 0;      // samples
    std::size_t batch_max = 0;  // samples that it may come to; 0: it stays
  };
  explicit NetworkObjective(Parts parts);

  [[nodiscard]] std::size_t parameter_count() const override {
    return parts_.network->parameter_count();
  }
  [[nodiscard]] std::span<const models::ParameterTensor> tensors() const override {
    return parts_.network->tensors();
  }
  [[nodiscard]] kernels::Scalar scalar() const override { return kernels::Scalar::kF32; }
  [[nodiscard]] std::size_t batch_samples() const override { return parts_.batch; }
  void write_start(kernels::View host) const override;
  void drop_start() override { parts_.start = std::vector<float>(); }  // {} would keep the memory
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
  [[nodiscard]] std::size_t task() const override { return task_; }
  [[nodiscard]] std::size_t next_task() const override { return task_of(batches_); }
  void judge_last_task() override { task_ = parts_.tasks.size() - 1; }
  [[nodiscard]] std::size_t activation_bytes() const override {
    return parts_.network->activation_bytes();
  }
  [[nodiscard]] std::optional<Quality> evaluate(kernels::ConstView estimate) override;

  [[nodiscard]] const models::Network& network() const { return *parts_.network; }

 private:
  [[nodiscard]] std::size_t task_of(std::uint64_t batch) const;
  void load_task(std::size_t task);
  void bring_samples(std::size_t task);

  Parts parts_;
  std::unique_ptr<models::ResidentSet> resident_;  // of one task, where the device has room
  std::optional<std::size_t> resident_task_;       // which
  std::optional<models::TestSet> test_;            // of one task, from its first evaluation on
  std::unique_ptr<models::Loader> loader_;         // of one task
  std::size_t loaded_ = 0;                         // which
  std::size_t task_ = 0;                           // of the current batch
  std::uint64_t batches_ = 0;                      // drawn so far
  models::BatchStage stage_;
  models::Batch batch_;  // current
};

}  // namespace peers
