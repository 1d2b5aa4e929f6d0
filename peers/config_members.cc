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
  return id == other.id && name == other.name && address == other.address &&
         incarnation == other.incarnation;
}

runtime::Result<ListedMember> parse_member(std::string_view text) {
  const auto refusal = [text] {
    return runtime::Error{fmt::format(
        "expected \"id name control-address bulk-address [public-key]\", got \"{}\"", text)};
  };
  const std::vector<std::string_view> words = words_of(text);
  if (words.size() < 4 || words.size() > 6) return refusal();
  const std::optional<std::uint64_t> id = count_of(words[0]);
  if (!id) return refusal();
  ListedMember member{
      runtime::PeerId{*id}, std::string(words[1]),
      runtime::Address{.control = std::string(words[2]), .bulk = std::string(words[3]), .key = ""}};
  std::size_t next = 4;
  if (next < words.size() && runtime::is_key(words[next])) member.address.key = words[next++];
  if (next < words.size()) {
    const std::optional<std::uint64_t> incarnation = count_of(words[next++]);
    if (!incarnation) return refusal();
    member.incarnation = *incarnation;
  }
  if (next < words.size()) return refusal();
  return member;
}

std::string to_string(const ListedMember& member) {
  std::string line = fmt::format("{} {} {} {}", runtime::value_of(member.id), member.name,
                                 member.address.control, member.address.bulk);
  if (!member.address.key.empty()) line += fmt::format(" {}", member.address.key);
  if (member.incarnation != 1) line += fmt::format(" {}", member.incarnation);
  return line;
}

}  // namespace peers
