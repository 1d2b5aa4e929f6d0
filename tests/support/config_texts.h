#pragma once
// Configs from a few lines of TOML, and what refusals of them say.

#include <string>
#include <vector>

#include "peers/config.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

namespace test {

// As after --set.
using Sets = std::vector<std::string>;

inline peers::Config accepted(const std::string& text, const Sets& sets = {}) {
  const auto config = peers::parse_config(text, "x.toml", sets);
  if (!config) FAIL(config.error().message);
  return config.value();
}

// What the refusal says; empty when there was none.
inline std::string refusal(const std::string& text, const Sets& sets = {}) {
  const auto config = peers::parse_config(text, "x.toml", sets);
  return config ? "" : config.error().message;
}

}  // namespace test
