#pragma once

#include <string>

namespace runtime {

// Where a peer can be reached: one endpoint a channel ("tcp://127.0.0.1:40001", "ipc:///tmp/x/p0"),
// and who must be found there.
struct Address {
  std::string control;
  std::string bulk;      // empty: only control messages are meant for it
  std::string key = {};  // its public CURVE key (runtime/zmq_keys.h); empty: it has none
  friend bool operator==(const Address&, const Address&) = default;
};

}  // namespace runtime
