#pragma once
// Published methods by name: which parts make each up, and where it comes from.

#include <span>
#include <string_view>

#include "peers/config_names.h"

namespace peers {

// What a preset gives to keys that the user left alone, values in TOML.
struct PresetValue {
  std::string_view key;
  std::string_view value;
};

struct Preset {
  std::string_view name;
  std::string_view summary;
  std::string_view source;
  std::span<const PresetValue> values;
};

[[nodiscard]] std::span<const Preset> presets();

// The same for those that only want names. Both in the order of the table.
[[nodiscard]] std::span<const Choice> preset_choices();
[[nodiscard]] std::span<const PresetValue> preset_values(std::string_view preset);

}  // namespace peers
