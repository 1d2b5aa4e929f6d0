#include "peers/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <system_error>

#include "peers/config_checks.h"
#include "peers/config_fields.h"
#include "peers/config_presets.h"
#include "peers/config_protocol.h"
#include "peers/config_suggest.h"
#include "peers/config_values.h"

namespace peers {
namespace {

namespace fs = std::filesystem;
using runtime::Error;
using runtime::Result;

// Where a key was given, as refusals name it.
struct Origin {
  std::string where;  // "mnist.toml:12" or "--set train.batch=x"
  bool in_file = false;
};

// One config being read: first the file, then the overrides, then what follows from both.
class Reader {
 public:
  explicit Reader(std::string_view source) : source_(source), fields_(fields_of(config_)) {}
  Reader(const Reader&) = delete;  // the fields point into the config
  Reader& operator=(const Reader&) = delete;
  ~Reader() = default;

  void read_file(std::string_view text);
  void read_override(const std::string& text);
  Result<Config> finish();

 private:
  void read_table(const std::string& prefix, const TomlValue& table);
  void read_entry(const std::string& key, const TomlValue& value);
  void set(const Field& field, const TomlValue& value, Origin origin);
  void fill_in_preset();
  void fill_in_protocol();
  void look_up_paths();
  void refuse_later();
  void check_together();

  [[nodiscard]] const Field* find(std::string_view key) const;
  [[nodiscard]] bool is_table(std::string_view key) const;
  [[nodiscard]] std::string unknown(std::string_view key) const;
  void refuse(const Origin& origin, std::string_view key, std::string_view message);

  std::string source_;
  Config config_;
  std::vector<Field> fields_;
  std::map<std::string_view, Origin> given_;
  std::vector<std::string> problems_;
};

void Reader::read_file(std::string_view text) {
  const Result<TomlValue> document = parse_toml(text);
  if (document)
    read_table("", *document);
  else
    problems_.push_back(fmt::format("{}: {}", source_, document.error().message));
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as the document, which the parser bounds
void Reader::read_table(const std::string& prefix, const TomlValue& table) {
  for (const TomlValue& entry : table.items) read_entry(prefix + toml_key(entry.key), entry);
}

// NOLINTNEXTLINE(misc-no-recursion)
void Reader::read_entry(const std::string& key, const TomlValue& value) {
  Origin origin{fmt::format("{}:{}", source_, value.line), true};
  if (const Field* field = find(key)) {
    set(*field, value, std::move(origin));
    return;
  }
  if (value.is<TomlTable>() && (is_table(key) || !value.items.empty())) {
    read_table(key + '.', value);
  } else if (is_table(key)) {
    refuse(origin, key, fmt::format("expected a table, got {}", describe_value(value)));
  } else {
    problems_.push_back(fmt::format("{}: {}", origin.where, unknown(key)));
  }
}

void Reader::read_override(const std::string& text) {
  Origin origin{"--set " + text, false};
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos) {
    refuse(origin, "", "expected key=value");
    return;
  }
  const std::string key = text.substr(0, equals);
  const std::string given = text.substr(equals + 1);
  const Field* field = find(key);
  if (field == nullptr) {
    refuse(origin, "", unknown(key));
    return;
  }
  // Shells eat quotes, so a word that is no TOML value, or that stands where text is expected, is
  // text.
  const bool is_word =
      takes_bare_words(*field) && !given.starts_with('"') && !given.starts_with('\'');
  Result<TomlValue> value = parse_toml_value(is_word ? toml_text(given) : given);
  if (!value && !is_word) value = parse_toml_value(toml_text(given));
  if (value)
    set(*field, *value, std::move(origin));
  else
    refuse(origin, "", "expected text in UTF-8");
}

void Reader::set(const Field& field, const TomlValue& value, Origin origin) {
  if (const runtime::Status set = set_field(field, value); !set.ok())
    refuse(origin, field.key, set.error().message);
  given_[field.key] = std::move(origin);
}

void Reader::fill_in_preset() {
  for (const PresetValue& preset : preset_values(config_.policy.preset)) {
    if (given_.contains(preset.key)) continue;
    const Result<TomlValue> value = parse_toml_value(preset.value);
    CHECK(value.ok() && set_field(*find(preset.key), *value).ok());
  }
}

// What a protocol cannot do without wins over what a preset has filled in.
void Reader::fill_in_protocol() {
  const Protocol* protocol = find_protocol(config_.gossip.protocol);
  if (protocol == nullptr) return;  // refused already
  for (const Demand& demand : protocol->demands) {
    const Field& field = *find(demand.key);
    const bool allowed = std::ranges::count(demand.allowed, field_text(field)) > 0;
    if (allowed || given_.contains(demand.key)) continue;
    const Result<TomlValue> value = parse_toml_value(demand.allowed.front());
    CHECK(value.ok() && set_field(field, *value).ok());
  }
  if (!given_.contains("gossip.damping")) config_.gossip.damping = stable_damping(config_.gossip);
}

// The first that exists; a path that leads nowhere stays as it was written.
void Reader::look_up_paths() {
  for (const Field& field : fields_) {
    const auto* path = std::get_if<PathText>(&field.value);
    if (path == nullptr || path->value->empty() || !given_.contains(field.key)) continue;
    std::vector<fs::path> candidates;
    if (given_.at(field.key).in_file)
      candidates.push_back(fs::path(source_).parent_path() / *path->value);
    candidates.emplace_back(*path->value);
    for (const fs::path& candidate : candidates) {
      std::error_code failed;
      if (!fs::exists(candidate, failed) || failed) continue;
      const fs::path found = fs::absolute(candidate, failed).lexically_normal();
      if (failed) continue;
      *path->value = found.string();
      break;
    }
  }
}

void Reader::refuse_later() {
  Config defaults;
  const std::vector<Field> untouched = fields_of(defaults);
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    const std::string expected = field_text(untouched[i]);
    const std::string got = field_text(fields_[i]);
    if (!fields_[i].later || got == expected) continue;
    refuse(given_.at(fields_[i].key), fields_[i].key,
           fmt::format("not available in this version: expected {}, got {}", expected, got));
  }
}

void Reader::check_together() {
  for (const Problem& problem : check_config(config_)) {
    const auto given = given_.find(problem.key);
    refuse(given == given_.end() ? Origin{source_, true} : given->second, problem.key,
           problem.message);
  }
}

Result<Config> Reader::finish() {
  fill_in_preset();
  fill_in_protocol();
  refuse_later();
  // Keys that were refused have their defaults, about which the user need not hear.
  if (problems_.empty()) {
    look_up_paths();
    check_together();
  }
  if (!problems_.empty()) return Error{fmt::format("{}", fmt::join(problems_, "\n"))};
  return config_;
}

const Field* Reader::find(std::string_view key) const {
  const auto found = std::ranges::find(fields_, key, &Field::key);
  return found == fields_.end() ? nullptr : &*found;
}

bool Reader::is_table(std::string_view key) const {
  return std::ranges::any_of(fields_, [key](const Field& field) {
    return field.key.size() > key.size() && field.key.starts_with(key) &&
           field.key[key.size()] == '.';
  });
}

std::string Reader::unknown(std::string_view key) const {
  std::vector<std::string_view> keys;
  keys.reserve(fields_.size());
  for (const Field& field : fields_) keys.push_back(field.key);
  const std::string_view meant = nearest_key(key, keys);
  const std::string hint = meant.empty() ? "" : fmt::format("; did you mean '{}'?", meant);
  return fmt::format("unknown key '{}'{}", key, hint);
}

// An override shows its key already.
void Reader::refuse(const Origin& origin, std::string_view key, std::string_view message) {
  problems_.push_back(origin.in_file ? fmt::format("{}: {}: {}", origin.where, key, message)
                                     : fmt::format("{}: {}", origin.where, message));
}

Result<std::string> read_text(const fs::path& file) {
  constexpr std::uintmax_t kBytesMax = 1U << 20U;  // a config is a page, not a data set
  std::error_code failed;
  const std::uintmax_t bytes = fs::file_size(file, failed);
  if (failed) return Error{fmt::format("{}: {}", file.string(), failed.message())};
  if (bytes > kBytesMax)
    return Error{
        fmt::format("{}: expected at most {} bytes, got {}", file.string(), kBytesMax, bytes)};
  std::string text(bytes, '\0');
  std::ifstream in(file, std::ios::binary);
  in.read(text.data(), static_cast<std::streamsize>(bytes));
  if (!in) return Error{fmt::format("{}: cannot be read", file.string())};
  return text;
}

}  // namespace

Result<Config> parse_config(std::string_view text, std::string_view source_name,
                            std::span<const std::string> overrides) {
  Reader reader(source_name);
  reader.read_file(text);
  for (const std::string& override_text : overrides) reader.read_override(override_text);
  return reader.finish();
}

Result<Config> read_config(const std::filesystem::path& file,
                           std::span<const std::string> overrides) {
  const Result<std::string> text = read_text(file);
  if (!text) return text.error();
  return parse_config(*text, file.string(), overrides);
}

}  // namespace peers
