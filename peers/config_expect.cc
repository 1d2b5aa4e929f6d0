// What a field may hold, in words.
#include <fmt/format.h>

#include <limits>

#include "peers/config_values.h"

namespace peers {
namespace {

std::string count_range(const CountRange& range) {
  const bool open = range.max == std::uint64_t{std::numeric_limits<std::int64_t>::max()};
  if (open) return fmt::format("an integer of at least {}", range.min);
  return fmt::format("an integer from {} to {}", range.min, range.max);
}

std::string number_range(const NumberRange& range) {
  const bool open = range.max == std::numeric_limits<double>::max();
  if (open && range.above_min) return fmt::format("a number above {}", range.min);
  if (open) return fmt::format("a number of at least {}", range.min);
  if (range.above_min && range.below_max)
    return fmt::format("a number above {} and below {}", range.min, range.max);
  if (range.above_min) return fmt::format("a number above {} and up to {}", range.min, range.max);
  if (range.below_max) return fmt::format("a number from {} and below {}", range.min, range.max);
  return fmt::format("a number from {} to {}", range.min, range.max);
}

struct Expectation {
  std::string operator()(const Text&) const { return "a string"; }
  std::string operator()(const PathText&) const { return "a string"; }
  std::string operator()(const Name& name) const {
    return "one of " + choice_names(name.choices);
  }
  std::string operator()(const Flag&) const { return "true or false"; }
  std::string operator()(const Count& count) const { return count_range(count.range); }
  std::string operator()(const CountOrAll& count) const {
    return "\"all\" or " + count_range(count.range);
  }
  std::string operator()(const OptionalCount& count) const { return count_range(count.range); }
  std::string operator()(const Number& number) const { return number_range(number.range); }
  std::string operator()(const OptionalNumber& number) const { return number_range(number.range); }
  std::string operator()(const Texts&) const { return "an array of strings"; }
  std::string operator()(const Numbers& numbers) const {
    return "an array of at least one number, each " + number_range(numbers.range);
  }
  std::string operator()(const Faults&) const {
    return "an array of tables { at = seconds, "
           "kind = \"crash\" | \"leave\" | \"restart\" | \"join\" | \"freeze\" | \"thaw\" | "
           "\"cut\" | \"mute\" | \"heal\", "
           "peers = [numbers] }";
  }
};

}  // namespace

std::string choice_names(std::span<const Choice> choices) {
  std::string list;
  for (const Choice& choice : choices) {
    if (!list.empty()) list += ", ";
    list += choice.name;
  }
  return list;
}

std::string expectation(const Field& field) { return std::visit(Expectation{}, field.value); }

}  // namespace peers
