#include "peers/config_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "peers/config_faults.h"
#include "peers/config_suggest.h"

namespace peers {
namespace {

using runtime::Error;
using runtime::Status;

std::optional<std::uint64_t> count_in(const TomlValue& value, const CountRange& range) {
  const auto* integer = std::get_if<std::int64_t>(&value.value);
  if (integer == nullptr || *integer < 0) return std::nullopt;
  const auto count = static_cast<std::uint64_t>(*integer);
  if (count < range.min || count > range.max) return std::nullopt;
  return count;
}

// An integer is a number too: rate = 1.
std::optional<double> number_in(const TomlValue& value, const NumberRange& range) {
  double number = 0.0;
  if (const auto* integer = std::get_if<std::int64_t>(&value.value))
    number = static_cast<double>(*integer);
  else if (const auto* floating = std::get_if<double>(&value.value))
    number = *floating;
  else
    return std::nullopt;
  if (!std::isfinite(number) || number < range.min || number > range.max) return std::nullopt;
  if (range.above_min && number <= range.min) return std::nullopt;
  if (range.below_max && number >= range.max) return std::nullopt;
  return number;
}

// Reads into whatever a field holds. A false: not what was expected.
class Setter {
 public:
  explicit Setter(const TomlValue& value) : value_(value) {}

  bool operator()(const Text& field) const { return put(text(), field.value); }
  bool operator()(const PathText& field) const { return put(text(), field.value); }
  bool operator()(const Name& field) const { return put(text(), field.value); }
  bool operator()(const Flag& field) const {
    const auto* truth = std::get_if<bool>(&value_.value);
    if (truth != nullptr) *field.value = *truth;
    return truth != nullptr;
  }
  bool operator()(const Count& field) const {
    return put(count_in(value_, field.range), field.value);
  }
  bool operator()(const CountOrAll& field) const {
    if (text() == "all") {
      field.value->reset();
      return true;
    }
    return put(count_in(value_, field.range), field.value);
  }
  bool operator()(const OptionalCount& field) const {
    return put(count_in(value_, field.range), field.value);
  }
  bool operator()(const Number& field) const {
    return put(number_in(value_, field.range), field.value);
  }
  bool operator()(const OptionalNumber& field) const {
    return put(number_in(value_, field.range), field.value);
  }
  bool operator()(const Texts& field) const {
    return put_each<std::string>(field.value, [](const TomlValue& item) {
      const auto* text = std::get_if<std::string>(&item.value);
      return text == nullptr ? std::nullopt : std::optional(*text);
    });
  }
  bool operator()(const Numbers& field) const {
    if (value_.items.empty()) return false;
    return put_each<double>(field.value,
                            [&](const TomlValue& item) { return number_in(item, field.range); });
  }
  bool operator()(const Faults& field) const {
    return put_each<FaultConfig>(field.value, read_fault);
  }

 private:
  [[nodiscard]] std::optional<std::string> text() const {
    const auto* text = std::get_if<std::string>(&value_.value);
    return text == nullptr ? std::nullopt : std::optional(*text);
  }

  template <typename From, typename To>
  static bool put(const std::optional<From>& from, To* to) {
    if (from.has_value()) *to = *from;
    return from.has_value();
  }

  template <typename T, typename Read>
  bool put_each(std::vector<T>* to, const Read& read) const {
    if (!value_.is<TomlArray>()) return false;
    std::vector<T> items;
    for (const TomlValue& from : value_.items) {
      std::optional<T> item = read(from);
      if (!item.has_value()) return false;
      items.push_back(std::move(*item));
    }
    *to = std::move(items);
    return true;
  }

  const TomlValue& value_;
};

// A name must be known; the nearest one may have been meant.
Status refuse_name(const Field& field, const std::string& given) {
  const auto* name = std::get_if<Name>(&field.value);
  if (name == nullptr) return {};
  std::vector<std::string_view> names;
  for (const Choice& choice : name->choices) {
    if (choice.name == given) return {};
    names.push_back(choice.name);
  }
  const std::string_view meant = nearest(given, names);
  const std::string hint = meant.empty() ? "" : fmt::format("; did you mean \"{}\"?", meant);
  return Error{fmt::format("expected {}, got {}{}", expectation(field), toml_text(given), hint)};
}

template <typename T, typename Write>
std::string array_text(const std::vector<T>& items, const Write& write) {
  std::string out = "[";
  for (const T& item : items) {
    if (out.size() > 1) out += ", ";
    out += write(item);
  }
  return out + ']';
}

struct Printer {
  std::string operator()(const Text& field) const { return toml_text(*field.value); }
  std::string operator()(const PathText& field) const { return toml_text(*field.value); }
  std::string operator()(const Name& field) const { return toml_text(*field.value); }
  std::string operator()(const Flag& field) const { return *field.value ? "true" : "false"; }
  std::string operator()(const Count& field) const { return std::to_string(*field.value); }
  std::string operator()(const CountOrAll& field) const {
    return field.value->has_value() ? std::to_string(**field.value) : "\"all\"";
  }
  std::string operator()(const OptionalCount& field) const {
    return field.value->has_value() ? std::to_string(**field.value) : "";
  }
  std::string operator()(const Number& field) const { return toml_text(*field.value); }
  std::string operator()(const OptionalNumber& field) const {
    return field.value->has_value() ? toml_text(**field.value) : "";
  }
  std::string operator()(const Texts& field) const {
    return array_text(*field.value, [](const std::string& text) { return toml_text(text); });
  }
  std::string operator()(const Numbers& field) const {
    return array_text(*field.value, [](double number) { return toml_text(number); });
  }
  std::string operator()(const Faults& field) const { return array_text(*field.value, fault_text); }
};

}  // namespace

Status set_field(const Field& field, const TomlValue& value) {
  if (const auto* text = std::get_if<std::string>(&value.value)) {
    if (Status refused = refuse_name(field, *text); !refused.ok()) return refused;
  }
  if (std::visit(Setter(value), field.value)) return {};
  return Error{fmt::format("expected {}, got {}", expectation(field), describe_value(value))};
}

std::string field_text(const Field& field) { return std::visit(Printer{}, field.value); }

bool takes_bare_words(const Field& field) {
  return std::holds_alternative<Text>(field.value) ||
         std::holds_alternative<PathText>(field.value) || std::holds_alternative<Name>(field.value);
}

}  // namespace peers
