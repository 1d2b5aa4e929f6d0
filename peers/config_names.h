#pragma once
// The names that a config may choose from.

#include <span>
#include <string_view>

namespace peers {

struct Choice {
  std::string_view name;
  std::string_view summary;
};

// By key: "gossip.topology", "policy.optimizer", ... Empty for a key that takes no name.
[[nodiscard]] std::span<const Choice> choices_of(std::string_view key);

}  // namespace peers
