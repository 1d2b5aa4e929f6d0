#include "gossip/coder.h"

#include <cmath>
#include <utility>

#include "runtime/check.h"

namespace gossip {

Coder::Coder(const Codec& codec, const BlockLayout& layout, kernels::Backend& backend)
    : codec_(&codec),
      layout_(&layout),
      backend_(&backend),
      payloads_(layout.block_count()),
      numbers_(backend.allocate(layout.largest_block(), layout.scalar())) {
  if (DeviceCells::fits(codec, layout, backend)) {
    cells_.emplace(codec, layout, backend);
    return;
  }
  encoder_.emplace(codec, layout);
  if (!backend.is_host()) host_numbers_ = allocate_aligned(layout.largest_bytes());
}

void Coder::begin(std::uint64_t seed, ParcelKind kind) {
  finite_ = true;
  if (cells_) return cells_->begin(seed, kind);
  encoder_->begin(seed, kind);
  made_.reset();
}

bool Coder::add(std::uint32_t block, kernels::ConstView x, double weight) {
  if (cells_) {
    finite_ = finite_ && std::isfinite(backend_->dot(x, x));  // a cell is a number whatever x was
    if (finite_) cells_->add(block, x, weight);
    return finite_;
  }
  if (!backend_->is_host()) backend_->download(x, host_numbers(block));
  payloads_[block] = encoder_->add(block, backend_->is_host() ? x : host_numbers(block), weight);
  return !payloads_[block].empty();
}

void Coder::say(std::uint32_t block, runtime::Frame x) {
  cells_ ? cells_->say(block, std::move(x)) : encoder_->say(block, std::move(x));
}

std::shared_ptr<const Snapshot> Coder::finish() {
  if (cells_) return cells_->finish(finite_).finish();
  return made_ = encoder_->finish();
}

// A device's go by host_numbers_.
kernels::View Coder::host_numbers(std::uint32_t block) const {
  return {host_numbers_.get(), layout_->range(block).count, layout_->scalar()};
}

kernels::ConstView Coder::read(std::uint32_t block) {
  const kernels::View numbers = numbers_.view().slice(0, layout_->range(block).count);
  if (cells_) {
    cells_->read(block, numbers);
    return numbers;
  }
  const kernels::View decoded = backend_->is_host() ? numbers : host_numbers(block);
  CHECK(codec_->decode(payloads_[block], decoded));
  if (!backend_->is_host()) backend_->upload(decoded, numbers);
  return numbers;
}

}  // namespace gossip
