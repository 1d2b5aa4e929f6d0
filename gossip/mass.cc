#include "gossip/mass.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "runtime/check.h"

namespace gossip {
namespace {

kernels::View view_of(const std::shared_ptr<std::byte>& memory, const BlockLayout& layout) {
  return {memory.get(), layout.number_count(), layout.scalar()};
}

// A steady run writes z into what earlier snapshots have left, of which two may come back at once.
constexpr std::size_t kFreeMax = 2;

}  // namespace

Mass::Mass(const BlockLayout& layout, kernels::Backend& backend, kernels::ConstView start,
           const Codec* codec)
    : layout_(&layout),
      backend_(&backend),
      codec_(codec),
      pool_(layout.number_count() * kernels::bytes_of(layout.scalar()), kFreeMax,
            [&backend](std::size_t bytes) { return backend.host_memory(bytes); }),
      in_snapshot_(layout.block_count(), false),
      weights_(layout.block_count(), 1.0),
      scales_(layout.block_count(), 1.0) {
  if (codec != nullptr && DeviceCells::fits(*codec, layout, backend))
    device_cells_.emplace(*codec, layout, backend);
  else if (codec != nullptr)
    encoder_.emplace(*codec, layout);
  if (backend.is_host()) {
    host_z_ = pool_.take();
  } else {
    device_z_ = backend.allocate(layout.number_count(), layout.scalar());
    arrived_ = backend.allocate(layout.largest_block(), layout.scalar());
  }
  if (backend.takes_rounded() && layout.scalar() == kernels::Scalar::kF32)
    rounded_ = backend.allocate(layout.parameter_count(), kernels::Scalar::kBf16);
  begin(start);
}

void Mass::begin(kernels::ConstView start) {
  CHECK(start.count() == layout_->parameter_count() && start.scalar() == layout_->scalar());
  backend_->upload(start, written({0, start.count()}));
  for (std::uint32_t block = 0; block < layout_->parameter_blocks(); ++block)
    keep_rounded(block, 0, written(layout_->range(block)));
  if (layout_->companions() > 0)
    backend_->fill(0.0, written({start.count(), layout_->number_count() - start.count()}));
}

void Mass::restart(kernels::ConstView start) {
  in_snapshot_.assign(in_snapshot_.size(), false);
  blocks_in_snapshot_ = 0;
  last_z_.reset();
  weights_.assign(weights_.size(), 1.0);
  scales_.assign(scales_.size(), 1.0);
  for (const Fold& fold : folds_) fold.copy->wait();
  folds_.clear();
  begin(start);
}

kernels::View Mass::written(const BlockRange& range) {
  if (!host_z_) return device_z_.view().slice(range.offset, range.count);
  return view_of(host_z_, *layout_).slice(range.offset, range.count);
}

BlockRun Mass::alike(std::uint32_t begin) const {
  const auto is_like_it = [&](std::uint32_t block) {
    return block < layout_->parameter_blocks() && weights_[block] == weights_[begin] &&
           scales_[block] == scales_[begin];
  };
  BlockRun run{begin, begin + 1};
  while (!host_z_ && is_like_it(run.end)) ++run.end;
  return run;
}

kernels::ConstView Mass::current(const BlockRun& blocks) const {
  const BlockRange range = layout_->range(blocks);
  if (!host_z_) return device_z_.view().slice(range.offset, range.count);
  const auto& memory = in_snapshot_[blocks.begin] ? last_z_ : host_z_;
  return view_of(memory, *layout_).slice(range.offset, range.count);
}

double Mass::mean_weight() const {
  if (weights_.empty()) return 1.0;
  return std::accumulate(weights_.begin(), weights_.end(), 0.0) /
         static_cast<double>(weights_.size());
}

void Mass::note_written(std::uint32_t block) {
  if (!in_snapshot_[block]) return;
  in_snapshot_[block] = false;
  if (--blocks_in_snapshot_ == 0) last_z_.reset();
}

kernels::View Mass::brought(std::uint32_t block) {
  const kernels::View to = written(layout_->range(block));
  if (in_snapshot_[block]) backend_->copy(current(block), to);
  note_written(block);
  return to;
}

double Mass::weigh(std::uint32_t block, double weight) {
  weights_[block] = weight;
  return scales_[block] = weight > 0.0 ? weight : 1.0;
}

void Mass::change(std::uint32_t block, double weight, double factor, kernels::ConstView delta) {
  change(BlockRun{block, block + 1}, weight, factor, delta, [](std::size_t, std::size_t) {});
}

void Mass::keep_rounded(std::uint32_t block, std::size_t first, kernels::ConstView z) {
  if (rounded_.count() == 0 || block >= layout_->parameter_blocks()) return;
  const std::size_t offset = layout_->range(block).offset + first;
  backend_->round(z, rounded_.view().slice(offset, z.count()));
}

kernels::ConstView Mass::estimate() {
  const kernels::ConstView z = gathered();
  return rounded_.count() == 0 ? z : z.beside(rounded_.view());
}

kernels::ConstView Mass::gathered() {
  const std::uint32_t blocks = layout_->parameter_blocks();
  const auto lent = std::count(in_snapshot_.begin(), in_snapshot_.begin() + blocks, true);
  if (lent > 0 && lent == blocks)
    return view_of(last_z_, *layout_).slice(0, layout_->parameter_count());
  for (std::uint32_t block = 0; lent > 0 && block < blocks; ++block)
    static_cast<void>(brought(block));
  return written({0, layout_->parameter_count()});
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
    backend_->scale(scales_[first + i], out);
  }
}

void Mass::set_companion(std::size_t index, kernels::ConstView y) {
  CHECK(index < layout_->companions());
  const auto first = static_cast<std::uint32_t>(index + 1) * layout_->parameter_blocks();
  for (std::uint32_t i = 0; i < layout_->parameter_blocks(); ++i) {
    const kernels::ConstView of_block = y.slice(layout_->range(i).offset, layout_->range(i).count);
    const double scale = weigh(first + i, weights_[first + i]);
    const kernels::View numbers = written(layout_->range(first + i));
    backend_->copy(of_block, numbers);
    backend_->scale(1.0 / scale, numbers);
    note_written(first + i);
  }
}

void Mass::add(std::uint32_t block, double factor, kernels::ConstView delta) {
  change(block, weights_[block], factor, delta);
}

void Mass::move(double factor, kernels::ConstView delta) {
  for (std::uint32_t block = 0; block < layout_->parameter_blocks(); ++block) {
    const auto [offset, count] = layout_->range(block);
    add(block, factor, delta.slice(offset, count));
  }
}

void Mass::fold(const BlockArrival& arrival) {
  change_from_host(arrival.block, weights_[arrival.block] + arrival.weight, arrival.factor,
                   arrival.numbers);
}

void Mass::begin_fold(const BlockArrival& arrival, AlignedMemory memory) {
  CHECK(!host_z_);
  if (coming_numbers_.count() == 0)
    coming_numbers_ = backend_->allocate(layout_->number_count(), layout_->scalar());
  const auto [offset, count] = layout_->range(arrival.block);
  auto copy = backend_->copy_in(arrival.numbers, coming_numbers_.view().slice(offset, count));
  folds_.push_back({arrival, std::move(memory), std::move(copy)});
}

std::vector<AlignedMemory> Mass::end_folds() {
  std::vector<AlignedMemory> unused;
  for (Fold& fold : folds_) {
    const BlockArrival& arrival = fold.arrival;
    const auto [offset, count] = layout_->range(arrival.block);
    fold.copy->join();
    change(arrival.block, weights_[arrival.block] + arrival.weight, arrival.factor,
           coming_numbers_.view().slice(offset, count));
    fold.copy->wait();  // it was begun long ago
    unused.push_back(std::move(fold.memory));
  }
  folds_.clear();
  return unused;
}

double Mass::weight_under_way() const {
  double sum = 0.0;
  for (const Fold& fold : folds_) sum += fold.arrival.weight;
  return sum;
}

void Mass::keep(std::uint32_t block, double factor) {
  CHECK(factor >= 0.0);
  weights_[block] *= factor;
  scales_[block] *= factor;
}

void Mass::keep(const Snapshot& snapshot, std::uint32_t block, double factor) {
  if (snapshot.codec == CodecId::kF32) return keep(block, factor);  // Q(z) is z
  CHECK(codec_ != nullptr && codec_->id() == snapshot.codec && factor >= 0.0);
  if (device_cells_ && device_cells_->made(snapshot)) {
    const kernels::View sent = arrived_.view().slice(0, layout_->range(block).count);
    device_cells_->read(block, sent);
    return give(block, factor, weights_[block], sent);
  }
  const kernels::View sent = scratch(block);
  CHECK(codec_->decode(snapshot.payloads[block].bytes(), sent));
  change_from_host(block, factor * weights_[block], (factor - 1.0) * weights_[block], sent);
}

void Mass::give(std::uint32_t block, double factor, double unit, kernels::ConstView numbers) {
  change(block, factor * weights_[block], (factor - 1.0) * unit, numbers);
}

void Mass::add_from_host(std::uint32_t block, double factor, kernels::ConstView delta) {
  change_from_host(block, weights_[block], factor, delta);
}

void Mass::change_from_host(std::uint32_t block, double weight, double factor,
                            kernels::ConstView delta) {
  if (backend_->is_host()) return change(block, weight, factor, delta);
  const kernels::View copy = arrived_.view().slice(0, delta.count());
  backend_->upload(delta, copy);
  change(block, weight, factor, copy);
}

kernels::View Mass::scratch(std::uint32_t block) {
  if (!scratch_) scratch_ = allocate_aligned(layout_->largest_bytes());
  return {scratch_.get(), layout_->range(block).count, layout_->scalar()};
}

kernels::ConstView Mass::on_host(std::uint32_t block) {
  if (backend_->is_host()) return current(block);
  const kernels::View copy = scratch(block);
  backend_->download(current(block), copy);
  return copy;
}

std::shared_ptr<const Snapshot> Mass::snapshot(std::span<const std::uint32_t> blocks,
                                               std::uint64_t seed) {
  const bool is_plain = codec_ == nullptr || codec_->id() == CodecId::kF32;
  // Lending all memory of x costs less than copying most of it.
  if (is_plain && 2 * blocks.size() >= layout_->block_count()) return snapshot();
  if (device_cells_) return begin_snapshot(blocks, seed).finish();
  CHECK(encoder_.has_value());
  encoder_->begin(seed);
  for (const std::uint32_t block : blocks) encoder_->add(block, on_host(block), weights_[block]);
  return encoder_->finish();
}

std::shared_ptr<const Snapshot> Mass::snapshot() {
  if (!host_z_) return begin_snapshot().finish();
  const std::shared_ptr<Snapshot> snapshot = begun_in(host_z_);
  for (std::uint32_t block = 0; block < layout_->block_count(); ++block) {
    static_cast<void>(brought(block));
    sum_up(*snapshot, block, *layout_);
  }
  last_z_ = std::exchange(host_z_, pool_.take());
  in_snapshot_.assign(in_snapshot_.size(), true);
  blocks_in_snapshot_ = in_snapshot_.size();
  return snapshot;
}

SnapshotUnderWay Mass::begin_snapshot() {
  CHECK(!host_z_);
  const std::shared_ptr<std::byte> memory = pool_.take();
  return {begun_in(memory), backend_->copy_out(device_z_.view(), view_of(memory, *layout_)),
          *layout_};
}

bool Mass::begins_pushes() const {
  return !host_z_ && (device_cells_ || codec_ == nullptr || codec_->id() == CodecId::kF32);
}

SnapshotUnderWay Mass::begin_snapshot(std::span<const std::uint32_t> blocks, std::uint64_t seed) {
  if (!device_cells_) return begin_snapshot();
  device_cells_->begin(seed);
  for (const std::uint32_t block : blocks)
    device_cells_->add(block, current(block), weights_[block]);
  // A cell is a number whatever it was made of.
  return device_cells_->finish(std::isfinite(backend_->dot(device_z_.view(), device_z_.view())));
}

std::shared_ptr<Snapshot> Mass::begun_in(const std::shared_ptr<std::byte>& memory) {
  std::shared_ptr<Snapshot> snapshot = snapshots_.take();
  snapshot->weights = weights_;
  snapshot->checksums.reserve(weights_.size());
  snapshot->z = runtime::Frame(
      memory, {memory.get(), layout_->number_count() * kernels::bytes_of(layout_->scalar())});
  return snapshot;
}

}  // namespace gossip
