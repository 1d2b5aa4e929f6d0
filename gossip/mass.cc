#include "gossip/mass.h"

#include <algorithm>
#include <mutex>
#include <numeric>
#include <utility>

#include "gossip/aligned_memory.h"
#include "gossip/wire.h"
#include "kernels/vector.h"
#include "runtime/check.h"

namespace gossip {
namespace {

std::size_t block_size_max(const BlockLayout& layout) {
  return layout.block_count() == 0 ? 0 : layout.range(0).count;
}

}  // namespace

// Memory of snapshots that are no longer under way. Whoever drops the last reference gives it back,
// on whatever thread that is.
class Mass::SnapshotPool : public std::enable_shared_from_this<SnapshotPool> {
 public:
  explicit SnapshotPool(std::size_t bytes) : bytes_(bytes) { free_.reserve(kFreeMax); }

  [[nodiscard]] std::shared_ptr<std::byte> take() {
    AlignedMemory memory = take_free();
    if (!memory) memory = allocate_aligned(bytes_);
    return {memory.release(), [pool = shared_from_this()](std::byte* bytes) {
              pool->give_back(AlignedMemory(bytes));
            }};
  }

 private:
  // A steady run has a snapshot being built and one or two in flight; what a burst needed beyond
  // that is released.
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
      x_(backend.allocate(layout.parameter_count(), layout.scalar())),
      weights_(layout.block_count(), 1.0),
      kept_(layout.block_count(), 1.0) {
  CHECK(start.count() == layout.parameter_count() && start.scalar() == layout.scalar());
  backend.upload(start, x_.view());
  if (!backend.is_host()) arrived_ = backend.allocate(block_size_max(layout), layout.scalar());
  pool_ = std::make_shared<SnapshotPool>(start.bytes());
}

kernels::View Mass::x() {
  for (std::uint32_t block = 0; block < layout_->block_count(); ++block) apply_kept(block);
  return x_.view();
}

double Mass::mean_weight() const {
  if (weights_.empty()) return 1.0;
  return std::inner_product(weights_.begin(), weights_.end(), kept_.begin(), 0.0) /
         static_cast<double>(weights_.size());
}

void Mass::estimate(kernels::View z) const {
  for (std::uint32_t block = 0; block < layout_->block_count(); ++block) {
    const BlockRange range = layout_->range(block);
    backend_->divide(x_.view().slice(range.offset, range.count), weights_[block],
                     z.slice(range.offset, range.count));
  }
}

void Mass::fold(std::span<const BlockArrival> arrivals) {
  for (const BlockArrival& arrival : arrivals) {
    const BlockRange range = layout_->range(arrival.block);
    kernels::ConstView arrived = arrival.x;
    if (!backend_->is_host()) {
      const kernels::View copy = arrived_.view().slice(0, range.count);
      backend_->upload(arrival.x, copy);
      arrived = copy;
    }
    apply_kept(arrival.block);
    backend_->axpy(arrival.share, arrived, x_.view().slice(range.offset, range.count));
    weights_[arrival.block] += arrival.weight;
  }
  // Calls return once queued, and the inbox writes over its memory when it is taken next.
  if (!backend_->is_host() && !arrivals.empty()) backend_->synchronize();
}

void Mass::keep(std::uint32_t block, double factor) {
  CHECK(factor >= 0.0);
  kept_[block] *= factor;
}

void Mass::apply_kept(std::uint32_t block) {
  if (kept_[block] == 1.0) return;
  const BlockRange range = layout_->range(block);
  backend_->scale(kept_[block], x_.view().slice(range.offset, range.count));
  weights_[block] *= std::exchange(kept_[block], 1.0);
}

std::shared_ptr<const Snapshot> Mass::snapshot() {
  const std::shared_ptr<std::byte> memory = pool_->take();
  const std::size_t number_bytes = kernels::bytes_of(layout_->scalar());
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->weights.reserve(weights_.size());
  snapshot->checksums.reserve(weights_.size());
  // Block by block, so that the checksum reads what is still in the cache.
  for (std::uint32_t block = 0; block < layout_->block_count(); ++block) {
    const BlockRange range = layout_->range(block);
    apply_kept(block);
    snapshot->weights.push_back(weights_[block]);
    std::byte* const bytes = memory.get() + range.offset * number_bytes;
    const kernels::View copy(bytes, range.count, layout_->scalar());
    backend_->download(x_.view().slice(range.offset, range.count), copy);
    snapshot->checksums.push_back(checksum({bytes, range.count * number_bytes}));
    snapshot->finite = snapshot->finite && kernels::vector::all_finite(copy);
  }
  snapshot->x = runtime::Frame(memory, {memory.get(), layout_->parameter_count() * number_bytes});
  return snapshot;
}

}  // namespace gossip
