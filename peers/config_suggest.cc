#include "peers/config_suggest.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "peers/config_fields.h"

namespace peers {
namespace {

// A typing error changes a letter or two; more in a long word; never all of them.
std::size_t edits_max(std::string_view word) {
  const std::size_t few = std::max<std::size_t>(2, word.size() / 3);
  return word.empty() ? 0 : std::min(few, word.size() - 1);
}

// What keys of ours are called elsewhere.
constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kElsewhere{
    {{"lr", "learning_rate"}, {"batch_size", "batch"}, {"num_epochs", "epochs"}}};

std::string_view our_word_for(std::string_view word) {
  const auto* const found =
      std::ranges::find(kElsewhere, word, &decltype(kElsewhere)::value_type::first);
  return found == kElsewhere.end() ? word : found->second;
}

template <typename Distance>
std::string_view nearest_by(std::string_view word, std::span<const std::string_view> candidates,
                            const Distance& distance) {
  constexpr std::size_t kMeantMax = 64;  // longer than any word of ours: nothing to compare
  if (word.size() > kMeantMax) return {};
  std::string_view best;
  std::size_t best_edits = edits_max(word) + 1;
  for (const std::string_view candidate : candidates) {
    const std::size_t edits = distance(word, candidate);
    if (edits >= best_edits) continue;
    best = candidate;
    best_edits = edits;
  }
  return best;
}

}  // namespace

// Optimal string alignment, one row of the table at a time.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(above.begin(), above.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, changed});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(above);
    above.swap(row);
  }
  return above[b.size()];
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
  return nearest_by(word, candidates, edit_distance);
}

std::string_view nearest_key(std::string_view key, std::span<const std::string_view> keys) {
  const std::string_view word = our_word_for(last_word_of(key));
  const auto distance = [word](std::string_view a, std::string_view b) {
    const std::size_t in_place = edit_distance(a, b);
    const std::size_t elsewhere = edit_distance(word, last_word_of(b));
    return elsewhere > edits_max(word) ? in_place : std::min(in_place, elsewhere + 1);
  };
  return nearest_by(key, keys, distance);
}

}  // namespace peers
