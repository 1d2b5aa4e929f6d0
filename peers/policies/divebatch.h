#pragma once

#include <optional>
#include <span>
#include <vector>

#include "gossip/notes.h"
#include "peers/policies/host_copy.h"
#include "peers/policies/split_gradient.h"
#include "peers/policies/state_visitor.h"

namespace peers {

struct DiveBatchOptions {
  std::size_t batch = 32;          // of this peer, to begin with
  std::size_t batch_max = 512;     // of this peer
  double scale = 0.1;              // delta
  std::uint64_t pass_steps = 1;    // steps of a pass over the data by all peers, at the first batch
  std::uint64_t every_passes = 1;  // one pass of so many is measured
};

// DiveBatch (Chen, Wang & Sundaram 2025): over a pass, at the moving parameters,
//
//   S = sum_k |h_k|^2    V = sum_k h_k    n = their number    Delta = S / |V|^2
//   batch of all peers = min(max(delta n Delta, what it was), batch_max of all)
//
// n Delta is 1 where all samples pull alike and n where they pull at right angles. Here h_k are all
// peers' samples: each tells S, n and a sketch of its V once its pass is over, and when notes of
// one pass have come of everybody, all add them up in one order and find the same batch, of which
// each takes an equal part. A peer's own V would not do: where shards differ mean gradients cancel
// in the whole that do not in a part. Samples' own gradients are not taken: S is estimated without
// bias from the halves of each batch.
class DiveBatch {
 public:
  DiveBatch(const DiveBatchOptions& options, const VectorSpace& space);

  [[nodiscard]] bool measures(std::uint64_t step) const;
  void add(const SplitGradient& gradient);  // of a step that it measures
  void after_step(std::uint64_t steps);     // so many have been taken

  [[nodiscard]] std::optional<gossip::Note> note();
  [[nodiscard]] bool listens() const { return pass_ > decided_; }
  // What all say, this peer included, of the `peers` there are. True: the batch has grown.
  bool hear(std::span<const gossip::SharedNote> notes, std::size_t peers);

  [[nodiscard]] std::size_t batch() const { return batch_; }  // of this peer
  [[nodiscard]] double growth() const {                       // since the start
    return static_cast<double>(batch_) / static_cast<double>(options_.batch);
  }
  [[nodiscard]] double diversity() const { return diversity_; }  // n Delta, as of the last pass
  void visit_state(StateVisitor& visitor);

 private:
  DiveBatchOptions options_;
  std::size_t batch_;
  double squares_ = 0.0;       // S
  double samples_ = 0.0;       // n
  kernels::Buffer sum_;        // V
  std::uint64_t pass_ = 0;     // that was told last, counted from 1
  std::uint64_t decided_ = 0;  // the last pass that a decision was of
  double diversity_ = 0.0;
  std::optional<gossip::Note> note_;
  HostCopy host_;
  kernels::Backend* backend_;
};

}  // namespace peers
