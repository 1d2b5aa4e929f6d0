#pragma once

#include <string>

#include "peers/config.h"

namespace peers {

// What is said to one peer on its command line and not in a config.
struct PeerStart {
  bool launched = false;
  std::string position;  // in step, gone on with: the checkpoint whose round all peers begin at
};

// `murmur peer`: one peer in this process, until it is done, stopped, or nothing more can be done.
// Returns the exit status; what went wrong is on standard error.
//
// `launched`: a launcher started us. Then records also go to standard output, the members are read
// from standard input (one a line as in [membership] members, ended by an empty line) after the
// `start` record has said where we listen, and the end of standard input means that the launcher is
// gone: we leave.
[[nodiscard]] int run_peer(const Config& config, const PeerStart& start);

}  // namespace peers
