#pragma once
// What a topology worked out lately for all peers at once: many peers of one process, a
// simulator's, ask about the same rounds. Asking again only saves time; the answer is a pure
// function of the key.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace gossip {

template <typename Value>
class Recent {
 public:
  struct Key {
    std::uint64_t round = 0;
    std::size_t count = 0;
    bool operator==(const Key&) const = default;
  };

  // What `read(value)` gives of the value of `key`, which `fill(value)` makes unless it was asked
  // for lately. What it fills may be an older value, so that its memory is used again. Others wait
  // meanwhile.
  template <typename Fill, typename Read>
  auto ask(const Key& key, const Fill& fill, const Read& read) {
    const std::scoped_lock lock(mutex_);
    auto entry = std::ranges::find(entries_, key, &Entry::key);
    if (entry == entries_.end()) {
      entry = next_entry();
      fill(entry->value);
      entry->key = key;
    }
    entry->asked_at = ++asked_;
    return read(entry->value);
  }

 private:
  // Peers of one process differ by few rounds; in a simulation of unequal speeds by some more.
  static constexpr std::size_t kEntriesMax = 32;
  struct Entry {
    Key key;
    std::uint64_t asked_at = 0;
    Value value;
  };
  using Entries = std::vector<Entry>;

  [[nodiscard]] typename Entries::iterator next_entry() {
    if (entries_.size() == kEntriesMax)
      return std::ranges::min_element(entries_, {}, &Entry::asked_at);
    return entries_.insert(entries_.end(), Entry{});
  }

  std::mutex mutex_;
  std::uint64_t asked_ = 0;
  Entries entries_;
};

}  // namespace gossip
