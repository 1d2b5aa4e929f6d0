#include "peers/core_share.h"

#include <algorithm>

namespace peers {

void CoreShare::follow(const Peer& peer, runtime::Instant now) {
  constexpr runtime::Duration kLookEvery{1'000'000'000};
  if (now < next_) return;
  next_ = now + kLookEvery;
  const std::size_t sharers = std::max<std::size_t>(1, peer.living_here());
  const std::size_t threads = std::max<std::size_t>(1, cores_ / sharers);
  if (threads == threads_) return;
  threads_ = threads;
  backend_->set_threads(threads);
  if (sharers == 1)
    log_->info("no other peer of this run is on this machine: computes on all {} cores", cores_);
  else
    log_->info("{} peers of this run are on this machine: computes on {} of {} cores", sharers,
               threads, cores_);
}

}  // namespace peers
