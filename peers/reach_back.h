#pragma once
// Whether a living peer can dial this machine. A newcomer's hello is answered at the address that
// it names, so that is what is said: the way back is the one that a peer here would need. The guest
// asks for nothing and is forgotten after some seconds; no mass moves.

#include <optional>
#include <string>

#include "gossip/report.h"
#include "gossip/wire.h"
#include "runtime/address.h"
#include "runtime/clock.h"
#include "runtime/result.h"
#include "runtime/zmq_keys.h"

namespace peers {

struct ReachBackOptions {
  gossip::Sender peer;    // who answered ...
  gossip::Report report;  // ... and what
  std::string endpoint;   // where it was asked
  std::string listen;     // here
  std::optional<runtime::CurveOptions> curve = {};
  runtime::Duration patience{3'000'000'000};
};

struct ReachBack {
  std::string address;  // that the peer was told to dial
  bool reached = false;
  double seconds = 0.0;  // from the first hello on
};

// Refused: what cannot be listened at.
[[nodiscard]] runtime::Result<ReachBack> reach_back(const ReachBackOptions& options);

}  // namespace peers
