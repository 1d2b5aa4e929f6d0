#include "peers/config_members.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <vector>

namespace peers {
namespace {

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (true) {
    const std::size_t begin = text.find_first_not_of(' ');
    if (begin == std::string_view::npos) return words;
    text.remove_prefix(begin);
    words.push_back(text.substr(0, text.find(' ')));
    text.remove_prefix(words.back().size());
  }
}

std::optional<std::uint64_t> count_of(std::string_view word) {
  std::uint64_t count = 0;
  const char* const end = word.data() + word.size();
  const auto [stop, problem] = std::from_chars(word.data(), end, count);
  if (problem != std::errc{} || stop != end) return std::nullopt;
  return count;
}

}  // namespace

bool ListedMember::operator==(const ListedMember& other) const {
  return id == other.id && name == other.name && address.control == other.address.control &&
         address.bulk == other.address.bulk && incarnation == other.incarnation;
}

runtime::Result<ListedMember> parse_member(std::string_view text) {
  const auto refusal = [text] {
    return runtime::Error{
        fmt::format("expected \"id name control-address bulk-address\", got \"{}\"", text)};
  };
  const std::vector<std::string_view> words = words_of(text);
  if (words.size() != 4 && words.size() != 5) return refusal();
  const std::optional<std::uint64_t> id = count_of(words[0]);
  const std::optional<std::uint64_t> incarnation =
      words.size() == 5 ? count_of(words[4]) : std::uint64_t{1};
  if (!id || !incarnation) return refusal();
  return ListedMember{runtime::PeerId{*id}, std::string(words[1]),
                      runtime::Address{std::string(words[2]), std::string(words[3])}, *incarnation};
}

std::string to_string(const ListedMember& member) {
  std::string line = fmt::format("{} {} {} {}", runtime::value_of(member.id), member.name,
                                 member.address.control, member.address.bulk);
  if (member.incarnation != 1) line += fmt::format(" {}", member.incarnation);
  return line;
}

}  // namespace peers
