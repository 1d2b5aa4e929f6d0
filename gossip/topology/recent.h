#pragma once
// What a topology worked out lately for all peers at once: many peers of one process, a
// simulator's, ask about the same rounds. Asking again only saves time; the answer is a pure
// function of the key.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
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

  // The value of `key`, from `make()` unless it was asked for lately.
  template <typename Make>
  [[nodiscard]] std::shared_ptr<const Value> at(const Key& key, const Make& make) {
    const std::scoped_lock lock(mutex_);
    for (Entry& entry : entries_) {
      if (!(entry.key == key)) continue;
      entry.asked_at = ++asked_;
      return entry.value;
    }
    auto value = std::make_shared<const Value>(make());
    Entry entry{.key = key, .asked_at = ++asked_, .value = value};
    if (entries_.size() < kEntriesMax) {
      entries_.push_back(std::move(entry));
      return value;
    }
    Entry* oldest = &entries_.front();
    for (Entry& other : entries_)
      if (other.asked_at < oldest->asked_at) oldest = &other;
    *oldest = std::move(entry);
    return value;
  }

 private:
  // Peers of one process differ by few rounds; in a simulation of unequal speeds by some more.
  static constexpr std::size_t kEntriesMax = 32;
  struct Entry {
    Key key;
    std::uint64_t asked_at = 0;
    std::shared_ptr<const Value> value;
  };

  std::mutex mutex_;
  std::uint64_t asked_ = 0;
  std::vector<Entry> entries_;
};

}  // namespace gossip
