#pragma once
// Takes a newcomer into a run that is under way: drives Newcomer over the real network.

#include "gossip/joining.h"
#include "gossip/layout.h"
#include "peers/beacons.h"
#include "peers/newcomer.h"
#include "runtime/clock.h"
#include "runtime/log.h"
#include "runtime/result.h"
#include "runtime/stop_signal.h"
#include "runtime/transport.h"
#include "runtime/zmq_transport.h"

namespace peers {

struct JoinParts {
  const gossip::BlockLayout* layout = nullptr;
  runtime::ZmqTransport* transport = nullptr;
  const runtime::Clock* clock = nullptr;
  const runtime::StopSignal* stop = nullptr;
  const runtime::Log* log = nullptr;  // told once when nobody answers
  Beacons* beacons = nullptr;         // where more members may be heard of; null: nowhere
};

// Returns once the estimate is here, when this peer is to begin the run (Joined::begins), or at a
// request to stop (with nobody joined). An Error: the
// run does not take this peer, and why. Where all addresses are from beacons, which anybody may
// send, there is none: it returns, with nobody joined, when it is not let in, nobody answers, or no
// beacon is heard any more.
[[nodiscard]] runtime::Result<Joined> join_run(const gossip::JoiningOptions& options,
                                               const JoinParts& parts);

}  // namespace peers
