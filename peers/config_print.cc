// A Config as a document and as a reference page.
#include <fmt/format.h>

#include "peers/config.h"
#include "peers/config_fields.h"
#include "peers/config_values.h"

namespace peers {
namespace {

// What stands in a cell of a Markdown table.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

std::string reference_row(const Field& field) {
  const std::string value = field_text(field);
  const std::string given = value.empty() ? "not given" : fmt::format("`{}`", value);
  const std::string later = field.later ? " (not in this version)" : "";
  return fmt::format("| `{}` | {} | {} | {}{} |\n", last_word_of(field.key), cell(given),
                     cell(expectation(field)), cell(field.help), later);
}

}  // namespace

std::string to_toml(const Config& config) {
  Config copy = config;
  std::string out;
  std::string_view table;
  for (const Field& field : fields_of(copy)) {
    if (table_of(field.key) != table) {
      table = table_of(field.key);
      out += fmt::format("\n[{}]\n", table);
    }
    const std::string value = field_text(field);
    const std::string_view key = last_word_of(field.key);
    const std::string entry =
        value.empty() ? fmt::format("# {}: not given", key) : fmt::format("{} = {}", key, value);
    out += fmt::format("{:<40}  # {}\n", entry, field.help);
  }
  return out;
}

std::string config_reference() {
  Config defaults;
  std::string out;
  std::string_view table = "none yet";
  for (const Field& field : fields_of(defaults)) {
    if (table_of(field.key) != table) {
      table = table_of(field.key);
      if (!out.empty()) out += '\n';
      out += table.empty() ? "### Top level\n\n" : fmt::format("### `[{}]`\n\n", table);
      out += "| key | default | expected | meaning |\n| --- | --- | --- | --- |\n";
    }
    out += reference_row(field);
  }
  return out;
}

}  // namespace peers
