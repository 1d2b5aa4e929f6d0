#include "gossip/mass.h"

#include <algorithm>
#include <mutex>
#include <numeric>
#include <utility>

#include "gossip/aligned_memory.h"
#include "gossip/digest.h"
#include "kernels/pieces.h"
#include "runtime/check.h"

namespace gossip {
namespace {

std::size_t block_size_max(const BlockLayout& layout) {
  return layout.block_count() == 0 ? 0 : layout.range(0).count;
}

kernels::View view_of(const std::shared_ptr<std::byte>& memory, const BlockLayout& layout) {
  return {memory.get(), layout.parameter_count(), layout.scalar()};
}

}  // namespace

// Memory for one x each. Whoever drops the last reference gives it back, on whatever thread that
// is.
class Mass::Pool : public std::enable_shared_from_this<Pool> {
 public:
  explicit Pool(std::size_t bytes) : bytes_(bytes) { free_.reserve(kFreeMax); }

  [[nodiscard]] std::shared_ptr<std::byte> take() {
    AlignedMemory memory = take_free();
    if (!memory) memory = allocate_aligned(bytes_);
    return {memory.release(), [pool = shared_from_this()](std::byte* bytes) {
              pool->give_back(AlignedMemory(bytes));
            }};
  }

 private:
  // A steady run has x itself and one or two snapshots in flight; what a burst needed beyond that
  // is released.
  static constexpr std::size_t kFreeMax = 4;

  [[nodiscard]] AlignedMemory take_free() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return nullptr;
    AlignedMemory memory = std::move(free_.back());
    free_.pop_back();
    return memory;
  }

  void give_back(AlignedMemory memory) {
    const std::lock_guard lock(mutex_);
    if (free_.size() < kFreeMax) free_.push_back(std::move(memory));
  }

  std::size_t bytes_;
  std::mutex mutex_;
  std::vector<AlignedMemory> free_;
};

Mass::Mass(const BlockLayout& layout, kernels::Backend& backend, kernels::ConstView start)
    : layout_(&layout),
      backend_(&backend),
      pool_(std::make_shared<Pool>(start.bytes())),
      in_snapshot_(layout.block_count(), false),
      weights_(layout.block_count(), 1.0),
      kept_(layout.block_count(), 1.0) {
  CHECK(start.count() == layout.parameter_count() && start.scalar() == layout.scalar());
  if (backend.is_host()) {
    host_x_ = pool_->take();
  } else {
    device_x_ = backend.allocate(layout.parameter_count(), layout.scalar());
    arrived_ = backend.allocate(block_size_max(layout), layout.scalar());
  }
  backend.upload(start, written({0, start.count()}));
}

void Mass::restart(kernels::ConstView start) {
  CHECK(start.count() == layout_->parameter_count() && start.scalar() == layout_->scalar());
  in_snapshot_.assign(in_snapshot_.size(), false);
  blocks_in_snapshot_ = 0;
  last_x_.reset();
  weights_.assign(weights_.size(), 1.0);
  kept_.assign(kept_.size(), 1.0);
  backend_->upload(start, written({0, start.count()}));
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

void Mass::estimate(kernels::View z) const {
  for (std::uint32_t block = 0; block < layout_->block_count(); ++block) {
    const BlockRange range = layout_->range(block);
    backend_->divide(current(block), weights_[block], z.slice(range.offset, range.count));
  }
}

void Mass::numerator(kernels::View x) const {
  for (std::uint32_t block = 0; block < layout_->block_count(); ++block) {
    const BlockRange range = layout_->range(block);
    const kernels::View out = x.slice(range.offset, range.count);
    backend_->copy(current(block), out);
    if (kept_[block] != 1.0) backend_->scale(kept_[block], out);
  }
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

void Mass::add(std::uint32_t block, double factor, kernels::ConstView delta) {
  write(block, [&](std::size_t begin, kernels::View x) {
    backend_->axpy(factor, delta.slice(begin, x.count()), x);
  });
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

std::shared_ptr<const Snapshot> Mass::snapshot() {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->weights.reserve(weights_.size());
  snapshot->checksums.reserve(weights_.size());
  const std::shared_ptr<std::byte> memory = host_x_ ? host_x_ : pool_->take();
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
      memory, {memory.get(), layout_->parameter_count() * kernels::bytes_of(layout_->scalar())});
  if (host_x_) {
    last_x_ = std::exchange(host_x_, pool_->take());
    in_snapshot_.assign(in_snapshot_.size(), true);
    blocks_in_snapshot_ = in_snapshot_.size();
  }
  return snapshot;
}

}  // namespace gossip
