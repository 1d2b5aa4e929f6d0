#pragma once
// One entry of [simulate] faults.

#include <optional>
#include <string>

#include "peers/config.h"
#include "peers/config_toml.h"

namespace peers {

// Empty when a key is missing, unknown or holds something else. Any kind is taken here: the checks
// of the whole config say more about a wrong one.
[[nodiscard]] std::optional<FaultConfig> read_fault(const TomlValue& value);
[[nodiscard]] std::string fault_text(const FaultConfig& fault);

}  // namespace peers
