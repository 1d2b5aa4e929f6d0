#pragma once
// The names that a config may choose from: which this version has, and which the contract lists for
// versions to come.

#include <span>
#include <string_view>

namespace peers {

struct Choice {
  std::string_view name;
  std::string_view summary;
  bool available = true;
};

// By key: "gossip.topology", "policy.optimizer", ... Empty for a key that takes no name.
[[nodiscard]] std::span<const Choice> choices_of(std::string_view key);

}  // namespace peers
