#pragma once
// The description of every key: where it is, what it may hold, one line of help.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "peers/config.h"
#include "peers/config_names.h"

namespace peers {

struct CountRange {
  std::uint64_t min = 0;
  std::uint64_t max = 0;
};
struct NumberRange {
  double min = 0.0;
  double max = 0.0;
  bool above_min = false;  // min itself is refused
  bool below_max = false;  // max itself is refused
};

// What a key may hold, and where in the Config it goes.
struct Text {
  std::string* value;
};
struct PathText {  // a file or folder; relative ones are looked up
  std::string* value;
};
struct Name {
  std::string* value;
  std::span<const Choice> choices;
};
struct Flag {
  bool* value;
};
struct Count {
  std::uint64_t* value;
  CountRange range;
};
struct CountOrAll {  // empty: "all"
  std::optional<std::uint64_t>* value;
  CountRange range;
};
struct OptionalCount {  // may stay unwritten
  std::optional<std::uint64_t>* value;
  CountRange range;
};
struct Number {
  double* value;
  NumberRange range;
};
struct OptionalNumber {
  std::optional<double>* value;
  NumberRange range;
};
struct Texts {
  std::vector<std::string>* value;
};
struct Numbers {  // at least one
  std::vector<double>* value;
  NumberRange range;
};
struct Faults {
  std::vector<FaultConfig>* value;
};
using FieldValue = std::variant<Text, PathText, Name, Flag, Count, CountOrAll, OptionalCount,
                                Number, OptionalNumber, Texts, Numbers, Faults>;

struct Field {
  std::string_view key;  // "gossip.moreau.v"
  std::string_view help;
  FieldValue value;
  bool later = false;  // belongs to a version to come: refused unless it has its default
};

// Every key once, table by table, tables within tables last. Points into `config`, which must stay
// where it is.
[[nodiscard]] std::vector<Field> fields_of(Config& config);

// "gossip.moreau" and "v".
[[nodiscard]] std::string_view table_of(std::string_view key);
[[nodiscard]] std::string_view last_word_of(std::string_view key);

}  // namespace peers
