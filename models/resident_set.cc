#include "models/resident_set.h"

#include <algorithm>

#include "kernels/crop.h"
#include "models/augment.h"
#include "runtime/check.h"

namespace models {
namespace {

constexpr std::size_t kShareOfFree = 4;
constexpr std::size_t kSamplesAtOnce = 1024;

std::size_t bytes_of(const Dataset& dataset, std::size_t samples) {
  return samples * dataset.shape().count() * sizeof(float);
}

}  // namespace

bool may_keep(const kernels::Backend& backend, std::size_t bytes) {
  return !backend.is_host() && bytes <= backend.free_bytes() / kShareOfFree;
}

std::unique_ptr<ResidentSet> ResidentSet::of(kernels::Backend& backend, const Dataset& dataset,
                                             std::span<const std::uint32_t> part, bool augment) {
  if (!may_keep(backend, bytes_of(dataset, part.size()))) return nullptr;
  return std::unique_ptr<ResidentSet>(new ResidentSet(backend, dataset, part, augment));
}

ResidentSet::ResidentSet(kernels::Backend& backend, const Dataset& dataset,
                         std::span<const std::uint32_t> part, bool augment)
    : backend_(backend),
      shape_({.images = part.size(),
              .height = dataset.shape().height,
              .width = dataset.shape().width,
              .channels = dataset.shape().channels,
              .padding = augment ? augmentation_of(dataset.shape()).padding : 0}),
      row_of_(dataset.size(), -1),
      table_(backend.allocate(part.size() * dataset.shape().count(), kernels::Scalar::kF32)) {
  for (std::size_t row = 0; row < part.size(); ++row)
    row_of_[part[row]] = static_cast<std::int32_t>(row);
  bring(dataset, part);
}

void ResidentSet::bring(const Dataset& dataset, std::span<const std::uint32_t> part) {
  std::vector<float> some;
  for (std::size_t first = 0; first < part.size(); first += kSamplesAtOnce) {
    const std::size_t count = std::min(kSamplesAtOnce, part.size() - first);
    some.resize(count * shape_.count());
    for (std::size_t i = 0; i < count; ++i)
      dataset.read(part[first + i], std::span(some).subspan(i * shape_.count(), shape_.count()));
    backend_.upload(std::span<const float>(some),
                    table_.view().slice(first * shape_.count(), some.size()));
  }
}

void ResidentSet::cut(std::span<const std::int32_t> picks, kernels::View out) {
  rows_.assign(picks.begin(), picks.end());
  for (std::size_t i = 0; i < rows_.size(); i += kernels::kPickNumbers) {
    rows_[i] = row_of_.at(static_cast<std::size_t>(rows_[i]));
    CHECK(rows_[i] >= 0);
  }
  if (picks_.count() < rows_.size())
    picks_ = backend_.allocate(rows_.size(), kernels::Scalar::kI32);
  const kernels::View device = picks_.view().slice(0, rows_.size());
  backend_.upload(std::span<const std::int32_t>(rows_), device);
  shape_.batch = rows_.size() / kernels::kPickNumbers;
  backend_.crop(shape_, table_.view(), device, out);
}

}  // namespace models
