#pragma once
// How many threads a peer computes with among others on its machine.

#include <cstddef>

#include "kernels/backend.h"
#include "peers/peer.h"
#include "runtime/clock.h"
#include "runtime/log.h"

namespace peers {

// Keeps a peer that was started by hand to its share of the cores while others of its run come to
// its machine and go: threads that wait for each other and for somebody else's are tens of times
// slower than fewer. Of what runs there besides it knows nothing. The trainer's; all outlive it.
class CoreShare {
 public:
  // `cores`: of the machine, that this process may use.
  CoreShare(kernels::Backend& backend, const runtime::Log& log, std::size_t cores)
      : backend_(&backend), log_(&log), cores_(cores), threads_(cores) {}

  // Looks about once a second, the first time at once.
  void follow(const Peer& peer, runtime::Instant now);

 private:
  kernels::Backend* backend_;
  const runtime::Log* log_;
  std::size_t cores_;
  std::size_t threads_;  // it begins with all cores
  runtime::Instant next_{};
};

}  // namespace peers
