#pragma once
// How much a peer mistrusts itself (Lifeguard's local health multiplier). One that is starved of
// the processor misses answers that did come; it should then be slow to suspect others.

#include <algorithm>

#include "runtime/clock.h"

namespace gossip {

class Awareness {
 public:
  static constexpr int kWorst = 8;

  void better() { score_ = std::max(0, score_ - 1); }
  void worse(int by = 1) { score_ = std::min(kWorst, score_ + by); }
  [[nodiscard]] int score() const { return score_; }  // 0: well
  [[nodiscard]] runtime::Duration scaled(runtime::Duration span) const {
    return span * (score_ + 1);
  }

 private:
  int score_ = 0;
};

}  // namespace gossip
