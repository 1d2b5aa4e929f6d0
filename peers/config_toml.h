#pragma once
// TOML text to plain values and back. The only files of ours that name toml++ are this header's
// body.

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "runtime/result.h"

namespace peers {

// What a value is where its content is in `items`, or of no interest to us.
struct TomlArray {};
struct TomlTable {};
struct TomlOther {};  // a date or a time

struct TomlValue {
  std::variant<bool, std::int64_t, double, std::string, TomlArray, TomlTable, TomlOther> value;
  std::vector<TomlValue> items;  // of an array, in order; of a table, in order of the keys
  std::string key;               // of an entry of a table
  std::uint32_t line = 0;        // from 1

  template <typename T>
  [[nodiscard]] bool is() const {
    return std::holds_alternative<T>(value);
  }
};

// The whole document, a table. On failure: "line 3, column 7: ..." without the name of the source.
[[nodiscard]] runtime::Result<TomlValue> parse_toml(std::string_view text);

// One value, as it would stand after "key = ".
[[nodiscard]] runtime::Result<TomlValue> parse_toml_value(std::string_view text);

// As they would stand in a document; they read back the same.
[[nodiscard]] std::string toml_text(std::string_view text);
[[nodiscard]] std::string toml_text(double number);
[[nodiscard]] std::string toml_key(std::string_view key);  // in quotes only where it needs them

// What a refusal shows of a value: as in a document, cut when long.
[[nodiscard]] std::string describe_value(const TomlValue& value);

}  // namespace peers
