#pragma once

#include "peers/policies/schedule.h"

namespace peers {

// How stages follow each other: longer, slower and with fewer pushes each (STL-SGD, Shen et al.
// 2021). Stage s = 1, 2, ... takes T_s steps of rate eta_s and pushes every k_s of them, and once
// more at its end:
//
//   sc, nc-1   T_s = 2^(s-1) T_1   eta_s = eta_1 / 2^(s-1)   k_s = 2^(s-1) k_1, or 2^((s-1)/2) k_1
//   nc-2       T_s = s T_1         eta_s = eta_1 / s         k_s = s k_1, or sqrt(s) k_1
//
// the latter where the peers' data differ (non-iid). k_s is a real number of which the whole part
// counts. With nc-1 and nc-2 each gradient is drawn to where its stage began, by `stage_pull`.
//
// The number of local steps alone says when a stage ends, so peers need not agree on it; in step
// they enter it together. One round of mixing ends a stage, so where that is no exact average the
// peers begin the next one each from their own estimate.
class Stagewise final : public Schedule {
 public:
  Stagewise(const ScheduleOptions& options, LearningRate learning_rate);
  [[nodiscard]] Plan plan(std::uint64_t step, std::uint64_t behind) const override;

 private:
  LearningRate learning_rate_;
  bool doubling_;  // sc and nc-1
  bool iid_;
  double period_;
  std::uint64_t steps_;  // of the first stage
  double pull_;
};

}  // namespace peers
