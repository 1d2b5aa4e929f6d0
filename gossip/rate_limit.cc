#include "gossip/rate_limit.h"

namespace gossip {

bool RateLimit::exceeded_by(runtime::PeerId peer, runtime::Instant now) {
  if (messages_max_ == 0) return false;
  if (now - since_ >= kWindow) {
    since_ = now;
    counts_.clear();
    count_of_the_rest_ = 0;
  }
  const bool counted = counts_.size() < kPeersMax || counts_.contains(peer);
  return ++(counted ? counts_[peer] : count_of_the_rest_) > messages_max_;
}

}  // namespace gossip
