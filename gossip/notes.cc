#include "gossip/notes.h"

#include <algorithm>

namespace gossip {

void Notes::hear(SharedNote note) {
  SharedNote& known = notes_[{note->topic, note->about}];
  if (!known || known->version < note->version) known = std::move(note);
}

void Notes::forget(runtime::PeerId about) {
  std::erase_if(notes_, [about](const auto& entry) { return entry.first.second == about; });
}

std::vector<SharedNote> Notes::of(Note::Topic topic) const {
  std::vector<SharedNote> notes;
  for (const auto& [key, note] : notes_)
    if (key.first == topic) notes.push_back(note);
  return notes;
}

std::vector<SharedNote> Notes::news(Versions& told) const {
  struct New {
    std::uint64_t told = 0;
    SharedNote note;
  };
  std::vector<New> news;
  for (const auto& [key, note] : notes_) {
    const auto found = told.find(key);
    if (found == told.end())
      news.push_back({0, note});
    else if (found->second < note->version)
      news.push_back({found->second, note});
  }
  const std::size_t count = std::min(news.size(), kNotesPerParcelMax);
  // Stable: among those told equally long ago, in order of their keys.
  std::ranges::stable_sort(news, {}, &New::told);
  std::vector<SharedNote> chosen;
  for (std::size_t i = 0; i < count; ++i) {
    const SharedNote& note = news[i].note;
    told[{note->topic, note->about}] = note->version;
    chosen.push_back(note);
  }
  return chosen;
}

}  // namespace gossip
