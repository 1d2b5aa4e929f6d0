#pragma once
// What a study is told on the command line: KEY=NUMBER...

#include <charconv>
#include <cstdio>
#include <map>
#include <span>
#include <string>
#include <string_view>

namespace test {

using StudyNumbers = std::map<std::string, double, std::less<>>;

// False: one of `arguments` is none of these, and standard error says so.
inline bool read_numbers(const char* program, std::span<char*> arguments, StudyNumbers& numbers) {
  for (const std::string_view argument : arguments) {
    const std::size_t equals = argument.find('=');
    const auto number = numbers.find(argument.substr(0, equals));
    if (equals != std::string_view::npos && number != numbers.end()) {
      const std::string_view value = argument.substr(equals + 1);
      const auto [end, error] =
          std::from_chars(value.data(), value.data() + value.size(), number->second);
      if (error == std::errc{} && end == value.data() + value.size()) continue;
    }
    std::fprintf(stderr, "%s: %.*s: expected one of", program, static_cast<int>(argument.size()),
                 argument.data());
    for (const auto& [name, value] : numbers) std::fprintf(stderr, " %s=%g", name.c_str(), value);
    std::fprintf(stderr, "\n");
    return false;
  }
  return true;
}

}  // namespace test
