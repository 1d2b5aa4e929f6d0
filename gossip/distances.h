#pragma once
// How far other peers are from this one, for weightings that ask: from the last mass heard of each
// (exact) or from sketches (a few KiB a peer, whatever the model).

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "gossip/layout.h"
#include "gossip/list.h"
#include "gossip/mass.h"
#include "gossip/parcel.h"
#include "gossip/sketch.h"
#include "kernels/backend.h"
#include "runtime/result.h"

namespace gossip {

// What one knows of another peer. Copies share their bytes.
struct Heard {
  List<Parcel> parcels;                  // exact: the last of each block; or none yet
  std::shared_ptr<const Sketch> sketch;  // of its last push; null: none yet
};

struct DistanceOptions {
  enum class Kind : std::uint8_t { kNone, kSketch, kExact };
  Kind kind = Kind::kNone;
  bool of_estimates = true;  // of z; otherwise of x = w z
  bool per_block = false;    // one distance a block; otherwise one in all
  std::uint64_t seed = 1;    // sketch: the same for all peers of a run
};

// The trainer's. Distances are taken from the mass that was noted last, so where the caller notes
// after it has asked, both sides are one exchange old, as published (AWPS, algorithm 1).
class Distances {
 public:
  // Refuses what a sketch cannot carry.
  [[nodiscard]] static runtime::Status check(const DistanceOptions& options,
                                             const BlockLayout& layout);
  Distances(const DistanceOptions& options, const BlockLayout& layout);

  [[nodiscard]] const DistanceOptions& options() const { return options_; }
  // Numbers of a sketch; 0 where none are used.
  [[nodiscard]] std::size_t sketch_size() const;

  void note_own(std::shared_ptr<const Snapshot> snapshot);
  // The same of the mass as it is, where sketches_on() its device: only sums leave it. False where
  // they are no numbers.
  [[nodiscard]] bool note_own(const Mass& mass, kernels::Backend& backend);
  [[nodiscard]] bool sketches_on(const kernels::Backend& backend) const {
    return options_.kind == DistanceOptions::Kind::kSketch && backend.has_sketches();
  }
  // Of the mass noted last; null before, and where none are used.
  [[nodiscard]] std::shared_ptr<const Sketch> own_sketch() const { return own_sketch_; }

  // Squared L2 distances: one a block, or one in all. All 0 where either side is unknown: nobody
  // pushes much to a stranger.
  [[nodiscard]] List<double> squared(const Heard& heard, ListMemory memory = heap()) const;

 private:
  [[nodiscard]] double scale_of(double weight) const;
  void sketch_own();
  [[nodiscard]] std::size_t sums_begin(std::uint32_t block) const;  // in sums_
  void keep_sketch();
  void add_exact(const Heard& heard, List<double>& squared) const;
  void add_of_sketches(const Heard& heard, List<double>& squared) const;

  DistanceOptions options_;
  const BlockLayout* layout_;
  SketchOptions sketch_;  // of one block, or of the model
  std::size_t sketches_ = 0;
  std::vector<double> sums_;
  kernels::Buffer device_sums_;
  std::shared_ptr<const Snapshot> own_;  // exact
  SketchPool pool_{kSketchesFreeMax};
  std::shared_ptr<const Sketch> own_sketch_;
};

}  // namespace gossip
