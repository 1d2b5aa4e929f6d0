#pragma once
// The one idea: a peer owns mass (x, w) a block, reads its model as the estimate z = x / w, and
// moves x and w always together, by one factor. What lies in memory is z: a share that leaves takes
// nothing but weight with it, and the model is read without being computed. (Push-sum: Kempe et al.
// 2003; with gradients: Stochastic Gradient Push, Assran et al. 2019.)

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "gossip/aligned_memory.h"
#include "gossip/device_cells.h"
#include "gossip/encoder.h"
#include "gossip/inbox.h"
#include "gossip/layout.h"
#include "gossip/memory_pool.h"
#include "gossip/parcel.h"
#include "gossip/snapshot_under_way.h"
#include "kernels/backend.h"

namespace gossip {

// The trainer's mass. Used by the trainer thread only.
//
// z lives on the backend's device. On a host a snapshot is no copy: it takes the memory of z, and
// the next change of a block writes its result elsewhere. What used to be two passes over memory,
// a copy and then a change, is one.
class Mass {
 public:
  // Starts from the estimate `start` (host, one number a parameter) with weight one, companions
  // from zero. `codec`, which outlives it, is for pushes of some blocks; none: pushes are of all,
  // as they are.
  Mass(const BlockLayout& layout, kernels::Backend& backend, kernels::ConstView start,
       const Codec* codec = nullptr);
  Mass(const Mass&) = delete;
  Mass& operator=(const Mass&) = delete;
  ~Mass() = default;

  void restart(kernels::ConstView start);  // as if it had been made from this estimate

  [[nodiscard]] double weight(std::uint32_t block) const { return weights_[block]; }
  [[nodiscard]] double mean_weight() const;  // over blocks; 1 for a model without parameters
  // z of the parameters, on the device; good until the mass changes or is lent. Stays what it was
  // when all weight is gone. Of a backend that takes_rounded(), beside them rounded.
  [[nodiscard]] kernels::ConstView estimate();
  void numerator(kernels::View x) const;  // x of the parameters, on the device
  // The same of a companion, the first being 0; and another in its place.
  void companion(std::size_t index, kernels::View y) const;
  void set_companion(std::size_t index, kernels::ConstView y);

  void fold(const BlockArrival& arrival);  // x += x', w += w'
  // The same in two, where z lives on a device: the numbers, which are in `memory`, go there beside
  // what the device does meanwhile, and become part of x and w by end_folds(), which gives back the
  // memory of all that was begun. At most one of a block at a time.
  void begin_fold(const BlockArrival& arrival, AlignedMemory memory);
  [[nodiscard]] std::vector<AlignedMemory> end_folds();
  [[nodiscard]] double weight_under_way() const;  // of what was begun, summed over blocks
  // x of the block += factor * delta (one number a parameter of the block, on the device); the
  // weight stays. What a gradient step does.
  void add(std::uint32_t block, double factor, kernels::ConstView delta);
  // The same of blocks that are alike(), where make(first, count) fills in that piece of `delta`,
  // which is of them all, just before it is added, as Backend::in_pieces() calls it.
  template <typename Make>
  void add_as_made(const BlockRun& blocks, double factor, kernels::ConstView delta, Make make) {
    change(blocks, weights_[blocks.begin], factor, delta, make);
  }
  // The blocks of parameters from this one on that weigh the same and lie side by side, so that a
  // device takes them at once; on a host, whose cache holds one at a time, that one.
  [[nodiscard]] BlockRun alike(std::uint32_t begin) const;
  void move(double factor, kernels::ConstView delta);  // the same of all parameters
  void add_from_host(std::uint32_t block, double factor, kernels::ConstView delta);  // the same
  // x *= factor, w *= factor: what a push has left. 0: everything was handed over.
  void keep(std::uint32_t block, double factor);

  // z as it is, on the host, with its weights. The memory is used again once the last parcel of an
  // earlier snapshot has been dropped, so a steady run allocates none.
  [[nodiscard]] std::shared_ptr<const Snapshot> snapshot();
  // The same, where z lives on a device, which goes on with what comes next.
  [[nodiscard]] SnapshotUnderWay begin_snapshot();

  // What a push hands over: z of `blocks` as the codec has it. With f32 and most blocks,
  // snapshot(). `seed` as in Encoder::begin.
  [[nodiscard]] std::shared_ptr<const Snapshot> snapshot(std::span<const std::uint32_t> blocks,
                                                         std::uint64_t seed);
  // The same, where z lives on a device, which goes on with what comes next: where begins_pushes().
  [[nodiscard]] SnapshotUnderWay begin_snapshot(std::span<const std::uint32_t> blocks,
                                                std::uint64_t seed);
  // Whether it can: the codec is f32, or one that the device has.
  [[nodiscard]] bool begins_pushes() const;

  // What handing out 1 - factor of a block of this snapshot has left. The receivers get w Q(z), so
  // that is what goes: x -= (1 - factor) w Q(z), w *= factor. What the codec lost stays.
  void keep(const Snapshot& snapshot, std::uint32_t block, double factor);

  // z of the block, where it lives; good until the mass changes or is lent.
  [[nodiscard]] kernels::ConstView on_device(std::uint32_t block) const { return current(block); }
  // z of the block, where the host can read it until the next call.
  [[nodiscard]] kernels::ConstView on_host(std::uint32_t block);
  // What handing out 1 - factor of unit * numbers (on the device) as the block's x has left:
  // x -= (1 - factor) * unit * numbers, w *= factor.
  void give(std::uint32_t block, double factor, double unit, kernels::ConstView numbers);

 private:
  void begin(kernels::ConstView start);
  // A snapshot of z as it is, whose numbers will be in this memory.
  [[nodiscard]] std::shared_ptr<Snapshot> begun_in(const std::shared_ptr<std::byte>& memory);
  void read(std::uint32_t first, kernels::View x) const;  // of one vector, from its first block on
  [[nodiscard]] kernels::View written(const BlockRange& range);
  [[nodiscard]] kernels::ConstView current(std::uint32_t block) const {
    return current(BlockRun{block, block + 1});
  }
  [[nodiscard]] kernels::ConstView current(const BlockRun& blocks) const;  // as alike() has them
  void note_written(std::uint32_t block);                    // into what written() says
  [[nodiscard]] kernels::View brought(std::uint32_t block);  // there from where it was lent
  [[nodiscard]] kernels::ConstView gathered();               // z of the parameters in one memory
  double weigh(std::uint32_t block, double weight);          // returns the scale that goes with it
  // x += factor * delta, on the device, and the weight is this. `make` as in add_as_made().
  template <typename Make>
  void change(const BlockRun& blocks, double weight, double factor, kernels::ConstView delta,
              Make make) {
    const double before = scales_[blocks.begin];
    double scale = before;
    for (std::uint32_t block = blocks.begin; block < blocks.end; ++block)
      scale = weigh(block, weight);
    const kernels::ConstView from = current(blocks);
    const kernels::View to = written(layout_->range(blocks));
    backend_->in_pieces(delta.count(), [&](std::size_t first, std::size_t count) {
      make(first, count);
      backend_->weighted_sum(factor / scale, delta.slice(first, count), before / scale,
                             from.slice(first, count), to.slice(first, count));
      keep_rounded(blocks.begin, first, to.slice(first, count));
    });
    for (std::uint32_t block = blocks.begin; block < blocks.end; ++block) note_written(block);
  }
  void change(std::uint32_t block, double weight, double factor, kernels::ConstView delta);
  // What numbers of a block, from `first` on, are now, where somebody multiplies by them in bf16.
  void keep_rounded(std::uint32_t block, std::size_t first, kernels::ConstView z);
  void change_from_host(std::uint32_t block, double weight, double factor,
                        kernels::ConstView delta);
  [[nodiscard]] kernels::View scratch(std::uint32_t block);

  const BlockLayout* layout_;
  kernels::Backend* backend_;
  const Codec* codec_;
  std::optional<Encoder> encoder_;           // where there is a codec, but for ...
  std::optional<DeviceCells> device_cells_;  // ... what the device does of that
  AlignedMemory scratch_;  // a block on the host: what it decodes to, or a device's copy
  MemoryPool pool_;        // of host memory for snapshots, and for z on a host
  SnapshotPool snapshots_{kSnapshotsFreeMax};
  kernels::Buffer device_z_;           // z, where it does not live on the host
  std::shared_ptr<std::byte> host_z_;  // z, where it does, but for the blocks ...
  std::vector<bool> in_snapshot_;      // ... that are still, unchanged, in ...
  std::shared_ptr<std::byte> last_z_;  // ... the memory of the last snapshot, while there are any
  std::size_t blocks_in_snapshot_ = 0;
  kernels::Buffer arrived_;  // device copy of an arrival, where device memory is not the host's
  struct Fold {
    BlockArrival arrival;
    AlignedMemory memory;
    std::unique_ptr<kernels::Copy> copy;
  };
  std::vector<Fold> folds_;         // begun, the numbers of each in its block of ...
  kernels::Buffer coming_numbers_;  // ... this, as large as z
  kernels::Buffer rounded_;  // z of the parameters as bf16, for a backend that takes_rounded()
  std::vector<double> weights_;
  // What x is of the numbers in memory: the weight, so that they are z; where nothing weighs, one,
  // so that an x without weight is not lost.
  std::vector<double> scales_;
};

}  // namespace gossip
