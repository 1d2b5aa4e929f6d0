#pragma once
// What `murmur bench train` trains on.

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include "kernels/backend.h"
#include "models/datasets/dataset.h"
#include "models/network.h"
#include "peers/objective.h"
#include "runtime/random.h"

namespace peers {

// One batch, again and again: what a step costs when data is never late.
class OneBatch final : public Objective {
 public:
  // `vocabulary`: samples are tokens below this; 0: they are pixels.
  OneBatch(models::Network& network, kernels::Backend& backend, std::size_t batch,
           std::size_t vocabulary)
      : network_(&network), batch_(batch) {
    runtime::Random random(1);
    std::vector<float> samples(batch * network.input().count());
    for (float& value : samples)
      value = vocabulary > 0 ? static_cast<float>(random.below(vocabulary))
                             : static_cast<float>(random.uniform(-1.0, 1.0));
    std::vector<std::int32_t> labels(batch * network.targets());
    for (std::int32_t& label : labels)
      label = static_cast<std::int32_t>(random.below(network.classes()));
    samples_ = backend.allocate(samples.size(), kernels::Scalar::kF32);
    labels_ = backend.allocate(labels.size(), kernels::Scalar::kI32);
    backend.upload(std::span(samples), samples_.view());
    backend.upload(std::span(labels), labels_.view());
  }
  [[nodiscard]] std::size_t parameter_count() const override { return network_->parameter_count(); }
  [[nodiscard]] kernels::Scalar scalar() const override { return kernels::Scalar::kF32; }
  [[nodiscard]] std::size_t batch_samples() const override { return batch_; }
  void write_start(kernels::View host) const override { network_->initialise(1, host.as<float>()); }
  void next_batch() override {}
  double gradient_at(kernels::ConstView estimate, kernels::View gradient) override {
    return network_->loss_and_gradient(estimate, {samples_.view(), labels_.view(), batch_},
                                       gradient);
  }
  // Forward only.
  void score(kernels::ConstView estimate) {
    static_cast<void>(network_->score(estimate, {samples_.view(), labels_.view(), batch_}));
  }
  void move_statistics(kernels::ConstView estimate, kernels::View delta) override {
    network_->move_statistics(estimate, delta);
  }
  [[nodiscard]] std::optional<Quality> evaluate(kernels::ConstView /*estimate*/) override {
    return {};
  }

 private:
  models::Network* network_;
  std::size_t batch_;
  kernels::Buffer samples_;
  kernels::Buffer labels_;
};

// No gradient to wait for: what is left of a step is the optimizer's.
class Weightless final : public Objective {
 public:
  explicit Weightless(std::size_t parameter_count) : parameter_count_(parameter_count) {}

  [[nodiscard]] std::size_t parameter_count() const override { return parameter_count_; }
  [[nodiscard]] kernels::Scalar scalar() const override { return kernels::Scalar::kF32; }
  [[nodiscard]] std::size_t batch_samples() const override { return 0; }
  void write_start(kernels::View /*host*/) const override {}
  void next_batch() override {}
  double gradient_at(kernels::ConstView /*estimate*/, kernels::View /*gradient*/) override {
    return 0.0;
  }
  [[nodiscard]] std::optional<Quality> evaluate(kernels::ConstView /*estimate*/) override {
    return {};
  }

 private:
  std::size_t parameter_count_;
};

// Samples in memory, for what a loader makes of them.
class SamplesInMemory final : public models::Dataset {
 public:
  SamplesInMemory(const models::NetworkSpec& spec, std::size_t size)
      : spec_(spec), size_(size), numbers_(size * spec.input.count()) {}

  [[nodiscard]] std::size_t size() const override { return size_; }
  [[nodiscard]] models::ImageShape shape() const override { return spec_.input; }
  [[nodiscard]] std::size_t classes() const override { return spec_.classes; }
  [[nodiscard]] std::size_t targets() const override { return spec_.targets.count; }
  [[nodiscard]] std::int32_t label(std::size_t /*index*/) const override { return 0; }
  void read_labels(std::size_t /*index*/, std::span<std::int32_t> out) const override {
    std::ranges::fill(out, 0);
  }
  void read(std::size_t index, std::span<float> out) const override {
    const std::size_t count = spec_.input.count();
    std::ranges::copy(std::span(numbers_).subspan(index * count, count), out.begin());
  }

 private:
  models::NetworkSpec spec_;
  std::size_t size_;
  std::vector<float> numbers_;
};

}  // namespace peers
