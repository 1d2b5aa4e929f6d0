#pragma once
// This machine's addresses on its networks. IPv4, as peers talk.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace runtime {

struct Interface {
  std::string name;     // "eth0"
  std::string address;  // "10.0.0.5"
  // Reaches all machines of its network at once; empty: it has none (the loopback, a tunnel, a
  // network of one or two).
  std::string broadcast;
  bool loopback = false;
};

// Those that are up, in the system's order; one that has several addresses once for each.
[[nodiscard]] std::vector<Interface> interfaces();

// The own address from which packets leave for the host of a tcp endpoint. None: it is not tcp, its
// host is not known, or no network leads there. Sends nothing; may ask a name server.
[[nodiscard]] std::optional<std::string> address_towards(std::string_view endpoint);

}  // namespace runtime
