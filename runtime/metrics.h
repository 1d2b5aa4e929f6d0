#pragma once
// What a program reads while a peer runs, and after: one JSON object a line.

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "runtime/clock.h"
#include "runtime/log.h"
#include "runtime/result.h"

namespace runtime {

// A value that is JSON already: an array, an object.
struct JsonText {
  std::string_view text;
};

// One named value of a record. Refers to its texts: for use within one call.
struct Field {
  Field(std::string_view field_name, bool flag) : name(field_name), value(flag) {}
  Field(std::string_view field_name, std::signed_integral auto number)
      : name(field_name), value(std::int64_t{number}) {}
  Field(std::string_view field_name, std::unsigned_integral auto number)
      : name(field_name), value(std::uint64_t{number}) {}
  Field(std::string_view field_name, double number) : name(field_name), value(number) {}
  Field(std::string_view field_name, std::string_view text) : name(field_name), value(text) {}
  Field(std::string_view field_name, const char* text)
      : Field(field_name, std::string_view(text)) {}
  Field(std::string_view field_name, const std::string& text)
      : Field(field_name, std::string_view(text)) {}
  Field(std::string_view field_name, JsonText json) : name(field_name), value(json) {}

  std::string_view name;
  std::variant<bool, std::int64_t, std::uint64_t, double, std::string_view, JsonText> value;
};

struct MetricsOptions {
  std::string folder;   // must exist; metrics.jsonl in it starts anew
  Instant start;        // `t` counts from here
  int descriptor = -1;  // also written to, such as standard output; -1: none. Not closed
};

// Writes records. A line that cannot be written is lost, and the log says so once for each place.
// Any thread; lines do not mix.
class Metrics {
 public:
  // Refused: a folder that is missing or cannot be written to. `log` must outlive the result.
  [[nodiscard]] static Result<std::unique_ptr<Metrics>> open(const MetricsOptions& options,
                                                             const Log& log);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // Writes {"t": seconds since start, "event": event, fields in the given order...} and is done
  // when the system has it. Doubles read back as the same bits; NaN and infinity become null.
  void write(Instant now, std::string_view event, std::initializer_list<Field> fields);

 private:
  struct State;
  explicit Metrics(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace runtime
