#include "gossip/distances.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <span>
#include <string>
#include <utility>

#include "runtime/check.h"

namespace gossip {
namespace {

// 4 KiB of f32 for the model: 4.4 % standard deviation. Cut up among blocks a sketch gets coarser,
// down to 16 numbers (35 %), and below that larger.
constexpr std::size_t kSketchSize = 1024;
constexpr std::size_t kWidthMin = 16;
constexpr std::size_t kSketchSizeMax = 8192;  // half a header frame

std::size_t width_of(const DistanceOptions& options, const BlockLayout& layout) {
  if (!options.per_block) return kSketchSize;
  const std::size_t blocks = std::max<std::size_t>(1, layout.block_count());
  return std::max(kWidthMin, std::bit_floor(kSketchSize / blocks));
}

template <typename T>
double squared_distance(std::span<const T> a, double scale_a, std::span<const T> b,
                        double scale_b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference =
        scale_a * static_cast<double>(a[i]) - scale_b * static_cast<double>(b[i]);
    sum += difference * difference;
  }
  return sum;
}

}  // namespace

runtime::Status Distances::check(const DistanceOptions& options, const BlockLayout& layout) {
  if (options.kind != DistanceOptions::Kind::kSketch || !options.per_block) return {};
  const std::size_t blocks_max = kSketchSizeMax / kWidthMin;
  if (layout.block_count() <= blocks_max) return {};
  return runtime::Error{"gossip.moreau.per_block: the model has " +
                        std::to_string(layout.block_count()) + " blocks, sketches carry at most " +
                        std::to_string(blocks_max) + "; a larger gossip.block_bytes makes fewer"};
}

Distances::Distances(const DistanceOptions& options, const BlockLayout& layout)
    : options_(options), layout_(&layout) {
  CHECK(check(options, layout));
  if (options.kind != DistanceOptions::Kind::kSketch) return;
  sketch_ = {.width = width_of(options, layout), .seed = options.seed};
  sketches_ = options.per_block ? layout.block_count() : 1;
  sums_.resize(sketch_size());
}

std::size_t Distances::sketch_size() const { return sketches_ * sketch_.width; }

double Distances::scale_of(double weight) const { return options_.of_estimates ? 1.0 : weight; }

void Distances::note_own(std::shared_ptr<const Snapshot> snapshot) {
  if (options_.kind == DistanceOptions::Kind::kNone) return;
  own_ = std::move(snapshot);
  if (options_.kind == DistanceOptions::Kind::kSketch) sketch_own();
}

void Distances::sketch_own() {
  std::ranges::fill(sums_, 0.0);
  for (std::uint32_t block = 0; block < layout_->block_count(); ++block) {
    const BlockRange range = layout_->range(block);
    add_to_sketch(sketch_, range.offset, scale_of(own_->weights[block]),
                  numbers_of(*own_, block, *layout_),
                  std::span(sums_).subspan(sums_begin(block), sketch_.width));
  }
  own_.reset();
  keep_sketch();
}

std::size_t Distances::sums_begin(std::uint32_t block) const {
  return options_.per_block ? block * sketch_.width : 0;
}

bool Distances::note_own(const Mass& mass, kernels::Backend& backend) {
  CHECK(sketches_on(backend));
  if (device_sums_.count() == 0)
    device_sums_ = backend.allocate(sums_.size(), kernels::Scalar::kF64);
  backend.fill(0.0, device_sums_.view());
  for (std::uint32_t block = 0; block < layout_->block_count(); ++block)
    backend.add_to_sketch(
        {.width = sketch_.width, .seed = sketch_.seed, .first = layout_->range(block).offset},
        scale_of(mass.weight(block)), mass.on_device(block),
        device_sums_.view().slice(sums_begin(block), sketch_.width));
  backend.download(device_sums_.view(), std::span(sums_));
  if (!std::ranges::all_of(sums_, [](double sum) { return std::isfinite(sum); })) return false;
  keep_sketch();
  return true;
}

void Distances::keep_sketch() {
  const std::shared_ptr<Sketch> sketch = pool_.take();
  sketch->assign(sums_.begin(), sums_.end());
  own_sketch_ = sketch;
}

List<double> Distances::squared(const Heard& heard, ListMemory memory) const {
  List<double> squared(options_.per_block ? layout_->block_count() : 1, 0.0, memory);
  if (options_.kind == DistanceOptions::Kind::kSketch)
    add_of_sketches(heard, squared);
  else
    add_exact(heard, squared);
  return squared;
}

void Distances::add_of_sketches(const Heard& heard, List<double>& squared) const {
  if (!own_sketch_ || !heard.sketch) return;
  const std::span<const float> own(*own_sketch_);
  const std::span<const float> other(*heard.sketch);
  CHECK(own.size() == other.size() && own.size() == squared.size() * sketch_.width);
  for (std::size_t i = 0; i < squared.size(); ++i) {
    const std::size_t offset = i * sketch_.width;
    squared[i] += squared_distance(own.subspan(offset, sketch_.width), 1.0,
                                   other.subspan(offset, sketch_.width), 1.0);
  }
}

void Distances::add_exact(const Heard& heard, List<double>& squared) const {
  if (!own_ || heard.parcels.size() != layout_->block_count()) return;
  for (std::uint32_t block = 0; block < layout_->block_count(); ++block) {
    const Parcel& parcel = heard.parcels[block];
    if (parcel.share == 0.0) continue;  // not heard of yet
    const double ours = scale_of(own_->weights[block]);
    const double theirs = scale_of(parcel.weight);
    const kernels::ConstView own = numbers_of(*own_, block, *layout_);
    const kernels::ConstView other = numbers_of(parcel, *layout_);
    squared[options_.per_block ? block : 0] +=
        own.scalar() == kernels::Scalar::kF64
            ? squared_distance(own.as<double>(), ours, other.as<double>(), theirs)
            : squared_distance(own.as<float>(), ours, other.as<float>(), theirs);
  }
}

}  // namespace gossip
