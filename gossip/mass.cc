#include "gossip/mass.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "gossip/digest.h"
#include "kernels/pieces.h"
#include "runtime/check.h"

namespace gossip {
namespace {

std::size_t block_size_max(const BlockLayout& layout) {
  return layout.block_count() == 0 ? 0 : layout.range(0).count;
}

kernels::View view_of(const std::shared_ptr<std::byte>& memory, const BlockLayout& layout) {
  return {memory.get(), layout.number_count(), layout.scalar()};
}

// A steady run has x itself and one or two snapshots in flight.
constexpr std::size_t kFreeMax = 4;

}  // namespace

Mass::Mass(const BlockLayout& layout, kernels::Backend& backend, kernels::ConstView start,
           const Codec* codec)
    : layout_(&layout),
      backend_(&backend),
      codec_(codec),
      pool_(layout.number_count() * kernels::bytes_of(layout.scalar()), kFreeMax),
      in_snapshot_(layout.block_count(), false),
      weights_(layout.block_count(), 1.0),
      kept_(layout.block_count(), 1.0) {
  if (codec != nullptr) encoder_.emplace(*codec, layout);
  if (backend.is_host()) {
    host_x_ = pool_.take();
  } else {
    device_x_ = backend.allocate(layout.number_count(), layout.scalar());
    arrived_ = backend.allocate(block_size_max(layout), layout.scalar());
  }
  begin(start);
}

void Mass::begin(kernels::ConstView start) {
  CHECK(start.count() == layout_->parameter_count() && start.scalar() == layout_->scalar());
  backend_->upload(start, written({0, start.count()}));
  if (layout_->companions() > 0)
    backend_->fill(0.0, written({start.count(), layout_->number_count() - start.count()}));
}

void Mass::restart(kernels::ConstView start) {
  in_snapshot_.assign(in_snapshot_.size(), false);
  blocks_in_snapshot_ = 0;
  last_x_.reset();
  weights_.assign(weights_.size(), 1.0);
  kept_.assign(kept_.size(), 1.0);
  begin(start);
}

kernels::View Mass::written(const BlockRange& range) {
  if (!host_x_) return device_x_.view().slice(range.offset, range.count);
  return view_of(host_x_, *layout_).slice(range.offset, range.count);
}

kernels::ConstView Mass::current(std::uint32_t block) const {
  const BlockRange range = layout_->range(block);
  if (!host_x_) return device_x_.view().slice(range.offset, range.count);
  const auto& memory = in_snapshot_[block] ? last_x_ : host_x_;
  return view_of(memory, *layout_).slice(range.offset, range.count);
}

double Mass::mean_weight() const {
  if (weights_.empty()) return 1.0;
  return std::inner_product(weights_.begin(), weights_.end(), kept_.begin(), 0.0) /
         static_cast<double>(weights_.size());
}

template <typename Then>
void Mass::write(std::uint32_t block, Then then) {
  const kernels::ConstView from = current(block);
  const kernels::View to = written(layout_->range(block));
  const bool moves = in_snapshot_[block];
  in_snapshot_[block] = false;
  const double kept = std::exchange(kept_[block], 1.0);
  weights_[block] *= kept;
  kernels::for_pieces(*backend_, to.count(), [&](std::size_t begin, std::size_t count) {
    const kernels::View piece = to.slice(begin, count);
    if (moves) backend_->copy(from.slice(begin, count), piece);
    if (kept != 1.0) backend_->scale(kept, piece);
    then(begin, piece);
  });
  if (moves && --blocks_in_snapshot_ == 0) last_x_.reset();
}

void Mass::estimate(kernels::View z) const {
  for (std::uint32_t block = 0; block < layout_->parameter_blocks(); ++block) {
    const BlockRange range = layout_->range(block);
    backend_->divide(current(block), weights_[block], z.slice(range.offset, range.count));
  }
}

void Mass::numerator(kernels::View x) const { read(0, x); }

void Mass::companion(std::size_t index, kernels::View y) const {
  CHECK(index < layout_->companions());
  read(static_cast<std::uint32_t>(index + 1) * layout_->parameter_blocks(), y);
}

void Mass::read(std::uint32_t first, kernels::View x) const {
  for (std::uint32_t i = 0; i < layout_->parameter_blocks(); ++i) {
    const BlockRange range = layout_->range(i);
    const kernels::View out = x.slice(range.offset, range.count);
    backend_->copy(current(first + i), out);
    if (kept_[first + i] != 1.0) backend_->scale(kept_[first + i], out);
  }
}

void Mass::set_companion(std::size_t index, kernels::ConstView y) {
  CHECK(index < layout_->companions());
  const auto first = static_cast<std::uint32_t>(index + 1) * layout_->parameter_blocks();
  for (std::uint32_t i = 0; i < layout_->parameter_blocks(); ++i) {
    const kernels::ConstView of_block = y.slice(layout_->range(i).offset, layout_->range(i).count);
    write(first + i, [&](std::size_t begin, kernels::View piece) {
      backend_->copy(of_block.slice(begin, piece.count()), piece);
    });
  }
}

void Mass::add(std::uint32_t block, double factor, kernels::ConstView delta) {
  write(block, [&](std::size_t begin, kernels::View x) {
    backend_->axpy(factor, delta.slice(begin, x.count()), x);
  });
}

void Mass::move(double factor, kernels::ConstView delta) {
  for (std::uint32_t block = 0; block < layout_->parameter_blocks(); ++block) {
    const auto [offset, count] = layout_->range(block);
    add(block, factor, delta.slice(offset, count));
  }
}

void Mass::fold(std::span<const BlockArrival> arrivals) {
  for (const BlockArrival& arrival : arrivals) {
    kernels::ConstView arrived = arrival.x;
    if (!backend_->is_host()) {
      const kernels::View copy = arrived_.view().slice(0, arrived.count());
      backend_->upload(arrived, copy);
      arrived = copy;
    }
    add(arrival.block, arrival.share, arrived);
    weights_[arrival.block] += arrival.weight;
  }
  // Calls return once queued, and the inbox writes over its memory when it is taken next.
  if (!backend_->is_host() && !arrivals.empty()) backend_->synchronize();
}

void Mass::keep(std::uint32_t block, double factor) {
  CHECK(factor >= 0.0);
  kept_[block] *= factor;
}

void Mass::keep(const Snapshot& snapshot, std::uint32_t block, double factor) {
  if (snapshot.codec == CodecId::kF32) return keep(block, factor);  // Q(x) is x
  CHECK(codec_ != nullptr && codec_->id() == snapshot.codec && factor >= 0.0);
  const kernels::View sent = scratch(block);
  CHECK(codec_->decode(snapshot.payloads[block].bytes(), sent));
  give(block, factor, sent);
}

void Mass::give(std::uint32_t block, double factor, kernels::ConstView numbers) {
  add_from_host(block, factor - 1.0, numbers);
  weights_[block] *= factor;
}

void Mass::add_from_host(std::uint32_t block, double factor, kernels::ConstView delta) {
  if (backend_->is_host()) return add(block, factor, delta);
  const kernels::View copy = arrived_.view().slice(0, delta.count());
  backend_->upload(delta, copy);
  add(block, factor, copy);
  backend_->synchronize();  // before the caller changes the numbers
}

kernels::View Mass::scratch(std::uint32_t block) {
  const std::size_t number_bytes = kernels::bytes_of(layout_->scalar());
  if (!scratch_) scratch_ = allocate_aligned(block_size_max(*layout_) * number_bytes);
  return {scratch_.get(), layout_->range(block).count, layout_->scalar()};
}

kernels::ConstView Mass::on_host(std::uint32_t block) {
  write(block, [](std::size_t /*begin*/, kernels::View /*x*/) {});
  const kernels::View x = written(layout_->range(block));
  if (backend_->is_host()) return x;
  const kernels::View copy = scratch(block);
  backend_->download(x, copy);
  return copy;
}

std::shared_ptr<const Snapshot> Mass::snapshot(std::span<const std::uint32_t> blocks,
                                               std::uint64_t seed) {
  const bool is_plain = codec_ == nullptr || codec_->id() == CodecId::kF32;
  // Lending all memory of x costs less than copying most of it.
  if (is_plain && 2 * blocks.size() >= layout_->block_count()) return snapshot();
  CHECK(encoder_.has_value());
  encoder_->begin(seed);
  for (const std::uint32_t block : blocks) {
    const kernels::ConstView x = on_host(block);  // before the weight is read: it settles both
    encoder_->add(block, x, weights_[block]);
  }
  return encoder_->finish();
}

std::shared_ptr<const Snapshot> Mass::snapshot() {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->weights.reserve(weights_.size());
  snapshot->checksums.reserve(weights_.size());
  const std::shared_ptr<std::byte> memory = host_x_ ? host_x_ : pool_.take();
  for (std::uint32_t block = 0; block < layout_->block_count(); ++block) {
    const BlockRange range = layout_->range(block);
    const kernels::View x = view_of(memory, *layout_).slice(range.offset, range.count);
    Digest digest;
    write(block, [&](std::size_t begin, kernels::View piece) {
      const kernels::View host = x.slice(begin, piece.count());
      if (!host_x_) backend_->download(piece, host);
      digest.add_all(host);
    });
    snapshot->weights.push_back(weights_[block]);
    snapshot->checksums.push_back(digest.checksum());
    snapshot->finite = snapshot->finite && digest.finite();
  }
  snapshot->x = runtime::Frame(
      memory, {memory.get(), layout_->number_count() * kernels::bytes_of(layout_->scalar())});
  if (host_x_) {
    last_x_ = std::exchange(host_x_, pool_.take());
    in_snapshot_.assign(in_snapshot_.size(), true);
    blocks_in_snapshot_ = in_snapshot_.size();
  }
  return snapshot;
}

}  // namespace gossip
