#include "models/test_set.h"

#include <algorithm>
#include <cstdint>
#include <span>

#include "models/resident_set.h"
#include "runtime/check.h"

namespace models {
namespace {

constexpr std::size_t kSamplesAtOnce = 1024;

std::size_t bytes_of(const Dataset& dataset) {
  return dataset.size() *
         (dataset.shape().count() * sizeof(float) + dataset.targets() * sizeof(std::int32_t));
}

}  // namespace

TestSet::TestSet(kernels::Backend& backend, const Dataset& dataset)
    : backend_(backend), dataset_(dataset) {
  CHECK(dataset.size() > 0);
  if (may_keep(backend, bytes_of(dataset))) bring();
}

void TestSet::bring() {
  const std::size_t count = dataset_.size();
  const std::size_t pixels = dataset_.shape().count();
  const std::size_t targets = dataset_.targets();
  samples_ = backend_.allocate(count * pixels, kernels::Scalar::kF32);
  labels_ = backend_.allocate(count * targets, kernels::Scalar::kI32);
  HostBatch some;
  for (std::size_t start = 0; start < count; start += kSamplesAtOnce) {
    read_samples(dataset_, start, std::min(kSamplesAtOnce, count - start), some);
    backend_.upload(std::span<const float>(some.samples),
                    samples_.view().slice(start * pixels, some.samples.size()));
    backend_.upload(std::span<const std::int32_t>(some.labels),
                    labels_.view().slice(start * targets, some.labels.size()));
  }
}

// Slices, not copies in one place: no pass of scoring is recorded, so none needs its batch where
// the last one was.
Batch TestSet::batch(std::size_t start, std::size_t size, HostBatch& host) {
  CHECK(size > 0 && start + size <= dataset_.size());
  if (samples_.count() > 0) {
    const std::size_t pixels = dataset_.shape().count();
    const std::size_t targets = dataset_.targets();
    return {.samples = samples_.view().slice(start * pixels, size * pixels),
            .labels = labels_.view().slice(start * targets, size * targets),
            .size = size,
            .draw = 0};
  }
  read_samples(dataset_, start, size, host);
  if (!stage_ || stage_->batch_max() < size) stage_.emplace(backend_, dataset_, size);
  return stage_->stage(host);
}

}  // namespace models
