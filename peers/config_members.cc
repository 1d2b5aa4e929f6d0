#include "peers/config_members.h"

#include <fmt/format.h>

#include <charconv>
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

}  // namespace

bool ListedMember::operator==(const ListedMember& other) const {
  return id == other.id && name == other.name && address == other.address;
}

runtime::Result<ListedMember> parse_member(std::string_view text) {
  const auto refusal = [text] {
    return runtime::Error{fmt::format(
        "expected \"id name control-address bulk-address [public-key]\", got \"{}\"", text)};
  };
  const std::vector<std::string_view> words = words_of(text);
  const bool has_key = words.size() == 5 && runtime::is_key(words[4]);
  if (words.size() != 4 && !has_key) return refusal();
  std::uint64_t id = 0;
  const char* const end = words[0].data() + words[0].size();
  const auto [stop, problem] = std::from_chars(words[0].data(), end, id);
  if (problem != std::errc{} || stop != end) return refusal();
  return ListedMember{runtime::PeerId{id}, std::string(words[1]),
                      runtime::Address{.control = std::string(words[2]),
                                       .bulk = std::string(words[3]),
                                       .key = has_key ? std::string(words[4]) : ""}};
}

std::string to_string(const ListedMember& member) {
  const std::string_view space = member.address.key.empty() ? "" : " ";
  return fmt::format("{} {} {} {}{}{}", runtime::value_of(member.id), member.name,
                     member.address.control, member.address.bulk, space, member.address.key);
}

}  // namespace peers
