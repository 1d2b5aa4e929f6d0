#pragma once

#include <string>

namespace runtime {

// Where a peer can be reached: one endpoint a channel ("tcp://127.0.0.1:40001", "ipc:///tmp/x/p0").
struct Address {
  std::string control;
  std::string bulk;  // empty: only control messages are meant for it
  friend bool operator==(const Address&, const Address&) = default;
};

}  // namespace runtime
