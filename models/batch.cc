#include "models/batch.h"

#include <span>

#include "runtime/check.h"

namespace models {

void read_samples(const Dataset& dataset, std::size_t start, std::size_t size, HostBatch& out) {
  const std::size_t pixels = dataset.shape().count();
  out.samples.resize(size * pixels);
  const std::size_t targets = dataset.targets();
  out.labels.resize(size * targets);
  for (std::size_t i = 0; i < size; ++i) {
    dataset.read(start + i, std::span(out.samples).subspan(i * pixels, pixels));
    dataset.read_labels(start + i, std::span(out.labels).subspan(i * targets, targets));
  }
}

BatchStage::BatchStage(kernels::Backend& backend, const Dataset& dataset, std::size_t batch_max)
    : backend_(backend),
      shape_(dataset.shape()),
      targets_(dataset.targets()),
      batch_max_(batch_max) {
  if (backend_.is_host()) return;
  samples_ = backend_.allocate(batch_max * shape_.count(), kernels::Scalar::kF32);
  labels_ = backend_.allocate(batch_max * targets_, kernels::Scalar::kI32);
}

Batch BatchStage::stage(const HostBatch& host, ResidentSet* resident) {
  const std::size_t size = host.labels.size() / targets_;
  CHECK(host.labels.size() == size * targets_ && size > 0 && size <= batch_max_);
  CHECK(host.picks.empty() ? host.samples.size() == size * shape_.count() : resident != nullptr);
  const std::span<const float> samples(host.samples);
  const std::span<const std::int32_t> labels(host.labels);
  if (backend_.is_host())
    return {.samples = samples, .labels = labels, .size = size, .draw = host.draw};
  const kernels::View device_samples = samples_.view().slice(0, size * shape_.count());
  const kernels::View device_labels = labels_.view().slice(0, labels.size());
  if (host.picks.empty())
    backend_.upload(samples, device_samples);
  else
    resident->cut(host.picks, device_samples);
  backend_.upload(labels, device_labels);
  return {.samples = device_samples, .labels = device_labels, .size = size, .draw = host.draw};
}

}  // namespace models
