#pragma once
// What a person reads while a peer runs.

#include <fmt/format.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/result.h"

namespace runtime {

// True when what is written to `descriptor` may be coloured: a terminal, and NO_COLOR is not set
// (no-color.org).
[[nodiscard]] bool may_colour(int descriptor);

// One line a call, on standard error and, after also_to(), in a file. Each line carries the time,
// the level and the name of who speaks. Any thread; lines do not mix.
class Log {
 public:
  explicit Log(const std::string& name);  // "p3"; empty: no name before the text
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // Appends every later line to `path` as well, without colour. An Error, and nothing changed, when
  // it cannot be opened. Before other threads write.
  Status also_to(const std::string& path);

  template <typename... Args>
  void info(fmt::format_string<Args...> text, Args&&... args) const {
    write(Level::kInfo, fmt::format(text, std::forward<Args>(args)...));
  }
  template <typename... Args>
  void warn(fmt::format_string<Args...> text, Args&&... args) const {
    write(Level::kWarn, fmt::format(text, std::forward<Args>(args)...));
  }
  template <typename... Args>
  void error(fmt::format_string<Args...> text, Args&&... args) const {
    write(Level::kError, fmt::format(text, std::forward<Args>(args)...));
  }

 private:
  enum class Level : std::uint8_t { kInfo, kWarn, kError };
  void write(Level level, std::string_view text) const;

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace runtime
