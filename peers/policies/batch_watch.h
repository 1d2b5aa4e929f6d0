#pragma once

#include <memory>
#include <vector>

#include "gossip/notes.h"
#include "peers/policies/divebatch.h"
#include "peers/policies/noise_scale.h"
#include "peers/policies/split_gradient.h"

namespace peers {

// The batch policy of a peer and its advisor: both read the same halves of a batch, and tell and
// hear by notes. The trainer's; measuring changes neither the step nor anything drawn for it.
class BatchWatch {
 public:
  struct Parts {
    std::unique_ptr<NoiseScale> noise;  // null: nobody advises
    std::unique_ptr<DiveBatch> growth;  // null: the batch stays
    bool rescale = true;                // the learning rate grows with the batch
  };
  BatchWatch(Parts parts, const VectorSpace& space);

  // A newcomer, at the step that the run has come to.
  void start_at(std::uint64_t step) { steps_worth_ = static_cast<double>(step); }
  // A batch has been drawn, and no gradient of it taken yet. `room` as SplitGradient::take.
  void before_gradient(std::uint64_t step, Objective& objective, kernels::ConstView estimate,
                       kernels::View room);
  void after_step(std::uint64_t steps);
  [[nodiscard]] std::vector<gossip::Note> notes();
  [[nodiscard]] bool listens() const;
  // After a mix, between rounds of many local steps too: only then does a batch grow.
  void hear(const gossip::Notes& notes, std::size_t peers, Objective& objective);

  [[nodiscard]] double rate_factor() const;
  // Steps of the first batch that the steps so far have the samples of.
  [[nodiscard]] double steps_worth() const { return steps_worth_; }
  [[nodiscard]] bool grows() const { return parts_.growth != nullptr; }
  [[nodiscard]] const std::vector<gossip::NoiseReport>& report() const;
  void visit_state(StateVisitor& visitor);

 private:
  Parts parts_;
  SplitGradient gradient_;
  std::vector<gossip::NoiseReport> nothing_;
  double steps_worth_ = 0.0;
};

}  // namespace peers
