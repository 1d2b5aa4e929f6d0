#pragma once
// `murmur status` and `murmur stop`. Both return the exit status.

#include "peers/inquirer.h"

namespace peers {

struct StatusOptions {
  InquiryOptions peer;
  bool watch = false;  // again every second, until interrupted or the peer is gone
  bool json = false;   // an object; one a line while watching
};

[[nodiscard]] int status_command(const StatusOptions& options);
// Returns once the peer has left.
[[nodiscard]] int stop_command(const InquiryOptions& peer);

}  // namespace peers
