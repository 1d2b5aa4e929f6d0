#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace runtime {

// Where a peer can be reached: one endpoint a channel ("tcp://127.0.0.1:40001", "ipc:///tmp/x/p0"),
// and who must be found there.
struct Address {
  std::string control;
  std::string bulk;      // empty: only control messages are meant for it
  std::string key = {};  // its public CURVE key (runtime/zmq_keys.h); empty: it has none
  friend bool operator==(const Address&, const Address&) = default;
};

// Whether two endpoints are of one machine, as far as their names say: a file is, and so is what
// listens at the same host.
[[nodiscard]] inline bool are_on_one_machine(std::string_view a, std::string_view b) {
  constexpr std::string_view kFile = "ipc://";
  if (a.starts_with(kFile) || b.starts_with(kFile))
    return a.starts_with(kFile) && b.starts_with(kFile);
  const std::size_t host = a.rfind(':');
  return host != std::string_view::npos && host == b.rfind(':') &&
         a.substr(0, host) == b.substr(0, host);
}

}  // namespace runtime
