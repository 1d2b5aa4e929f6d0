#pragma once
// Protocols by name: what each is, where it comes from, and which keys it fixes and why.

#include <span>
#include <string_view>
#include <vector>

#include "peers/config_checks.h"
#include "peers/config_names.h"

namespace peers {

// One key that a protocol fixes.
struct Demand {
  std::string_view key;
  // In TOML. The first is filled in where the user has left the key alone and the preset has
  // none of these.
  std::span<const std::string_view> allowed;
  std::string_view reason;
};

struct Protocol {
  std::string_view name;
  std::string_view summary;
  std::string_view source;
  std::span<const Demand> demands;
};

// In the order of the contract.
[[nodiscard]] std::span<const Protocol> protocols();
[[nodiscard]] std::span<const Choice> protocol_choices();
[[nodiscard]] std::span<const Demand> demands_of(std::string_view protocol);

// Keys that hold what the protocol does not allow.
void check_protocol(const Config& config, std::vector<Problem>& problems);

}  // namespace peers
