#include "peers/config_toml.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <optional>

namespace peers {
namespace {

TomlValue value_of(const toml::node& node);

// NOLINTNEXTLINE(misc-no-recursion): the parser refuses documents nested deeper than 256
std::vector<TomlValue> entries_of(const toml::table& table) {
  std::vector<TomlValue> entries;
  entries.reserve(table.size());
  for (const auto& [key, node] : table) {
    TomlValue value = value_of(node);
    value.key = std::string(key.str());
    value.line = key.source().begin.line;
    entries.push_back(std::move(value));
  }
  return entries;
}

// NOLINTNEXTLINE(misc-no-recursion)
std::vector<TomlValue> items_of(const toml::array& array) {
  std::vector<TomlValue> items;
  items.reserve(array.size());
  for (const auto& node : array) items.push_back(value_of(node));
  return items;
}

// NOLINTNEXTLINE(misc-no-recursion)
TomlValue value_of(const toml::node& node) {
  TomlValue out;
  out.line = node.source().begin.line;
  if (const auto* truth = node.as_boolean()) {
    out.value = truth->get();
  } else if (const auto* integer = node.as_integer()) {
    out.value = integer->get();
  } else if (const auto* number = node.as_floating_point()) {
    out.value = number->get();
  } else if (const auto* text = node.as_string()) {
    out.value = text->get();
  } else if (const auto* array = node.as_array()) {
    out.value = TomlArray{};
    out.items = items_of(*array);
  } else if (const auto* table = node.as_table()) {
    out.value = TomlTable{};
    out.items = entries_of(*table);
  } else {
    out.value = TomlOther{};
  }
  return out;
}

std::string text_of(const TomlValue& value);

// NOLINTNEXTLINE(misc-no-recursion)
std::string list_of(const TomlValue& value) {
  std::string out;
  for (const TomlValue& item : value.items) {
    if (!out.empty()) out += ", ";
    if (value.is<TomlTable>()) out += toml_key(item.key) + " = ";
    out += text_of(item);
  }
  return out;
}

struct ScalarText {
  std::string operator()(bool truth) const { return truth ? "true" : "false"; }
  std::string operator()(std::int64_t integer) const { return std::to_string(integer); }
  std::string operator()(double number) const { return toml_text(number); }
  std::string operator()(const std::string& text) const { return toml_text(text); }
  std::string operator()(const auto& /*no scalar*/) const { return "a date or a time"; }
};

// NOLINTNEXTLINE(misc-no-recursion)
std::string text_of(const TomlValue& value) {
  if (value.is<TomlArray>()) return '[' + list_of(value) + ']';
  if (value.is<TomlTable>()) return value.items.empty() ? "{}" : "{ " + list_of(value) + " }";
  return std::visit(ScalarText{}, value.value);
}

// What stands for this byte between double quotes, where that is not the byte itself.
std::optional<std::string> escape_of(char c) {
  constexpr unsigned char kDelete = 0x7F;
  if (c == '"') return "\\\"";
  if (c == '\\') return "\\\\";
  if (c == '\n') return "\\n";
  if (c == '\t') return "\\t";
  const auto byte = static_cast<unsigned char>(c);
  if (byte < ' ' || byte == kDelete) return fmt::format("\\u{:04X}", byte);
  return std::nullopt;
}

}  // namespace

runtime::Result<TomlValue> parse_toml(std::string_view text) {
  try {
    return value_of(toml::parse(text));
  } catch (const toml::parse_error& error) {
    const toml::source_position at = error.source().begin;
    return runtime::Error{
        fmt::format("line {}, column {}: {}", at.line, at.column, error.description())};
  }
}

runtime::Result<TomlValue> parse_toml_value(std::string_view text) {
  runtime::Result<TomlValue> document = parse_toml(fmt::format("v = {}", text));
  if (!document) return runtime::Error{"not a TOML value"};
  if (document->items.size() != 1) return runtime::Error{"more than one TOML value"};
  return std::move(document->items.front());
}

std::string toml_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (const auto escape = escape_of(c))
      out += *escape;
    else
      out += c;
  }
  return out + '"';
}

std::string toml_text(double number) {
  std::string out = fmt::format("{}", number);  // the shortest that reads back the same
  const bool reads_as_integer = out.find_first_not_of("-0123456789") == std::string::npos;
  return reads_as_integer ? out + ".0" : out;
}

std::string toml_key(std::string_view key) {
  constexpr std::string_view kBare =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  const bool bare = !key.empty() && key.find_first_not_of(kBare) == std::string_view::npos;
  return bare ? std::string(key) : toml_text(key);
}

std::string describe_value(const TomlValue& value) {
  constexpr std::size_t kShownMax = 80;
  std::string text = text_of(value);
  if (text.size() > kShownMax) text = text.substr(0, kShownMax) + "...";
  return text;
}

}  // namespace peers
