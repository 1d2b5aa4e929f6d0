#include "peers/seed_addresses.h"

#include <fmt/format.h>

#include "peers/config_suggest.h"

namespace peers {
namespace {

runtime::Error not_authorized(const SeedAddress& seed, const runtime::KeyNames& authorized) {
  std::vector<std::string_view> names;
  for (const auto& [key, name] : authorized) names.emplace_back(name);
  const std::string_view meant = nearest(seed.name, names);
  return {fmt::format("{}#{}: no {}.pub among the authorized keys{}", seed.endpoint, seed.name,
                      seed.name, meant.empty() ? "" : fmt::format("; did you mean #{}?", meant))};
}

}  // namespace

SeedAddress parse_seed(std::string_view text) {
  const std::size_t mark = text.rfind('#');
  if (mark == std::string_view::npos) return {.endpoint = std::string(text), .name = ""};
  return {.endpoint = std::string(text.substr(0, mark)),
          .name = std::string(text.substr(mark + 1))};
}

runtime::Result<std::vector<runtime::Address>> seeds_of(const std::vector<std::string>& join,
                                                        const runtime::KeyNames* authorized) {
  std::vector<runtime::Address> seeds;
  for (const std::string& text : join) {
    const SeedAddress seed = parse_seed(text);
    const std::size_t before = seeds.size();
    if (authorized == nullptr) seeds.push_back({.control = seed.endpoint, .bulk = ""});
    for (const auto& [key, name] : authorized == nullptr ? runtime::KeyNames{} : *authorized)
      if (seed.name.empty() || seed.name == name)
        seeds.push_back({.control = seed.endpoint, .bulk = "", .key = key});
    if (seeds.size() == before) return not_authorized(seed, *authorized);
  }
  if (seeds.size() <= kSeedsMax) return seeds;
  return runtime::Error{fmt::format(
      "{} addresses and {} authorized keys make {} combinations to try, at "
      "most {}; say whose key to expect: address#name, for name.pub",
      join.size(), authorized == nullptr ? 0 : authorized->size(), seeds.size(), kSeedsMax)};
}

}  // namespace peers
