#pragma once
// What was made once and is used again, up to a number of them.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <unordered_map>
#include <utility>

#include "runtime/check.h"

namespace kernels::cuda {

[[nodiscard]] inline std::size_t hash_of(std::initializer_list<std::size_t> parts) {
  std::size_t hash = 0;
  for (const std::size_t part : parts) hash = (hash ^ part) * 0x9e3779b97f4a7c15U;
  return hash ^ (hash >> 32U);
}

// Finding allocates nothing. One thread at a time.
template <typename Key, typename Value, typename Hash>
class PlanCache {
 public:
  // `count_max`: at least 1.
  explicit PlanCache(std::size_t count_max) : count_max_(count_max) { CHECK(count_max > 0); }

  // Null where there is none. Stays valid until insert() drops it.
  [[nodiscard]] Value* find(const Key& key) {
    const auto found = entries_.find(key);
    if (found == entries_.end()) return nullptr;
    found->second.used = ++uses_;
    return &found->second.value;
  }

  // Whether insert() drops one.
  [[nodiscard]] bool is_full() const { return entries_.size() == count_max_; }

  // Of a key that is not there. Where it is full, what was not found for longest goes.
  Value& insert(const Key& key, Value value) {
    CHECK(!entries_.contains(key));
    if (is_full())
      entries_.erase(std::min_element(
          entries_.begin(), entries_.end(),
          [](const auto& a, const auto& b) { return a.second.used < b.second.used; }));
    return entries_.emplace(key, Entry{std::move(value), ++uses_}).first->second.value;
  }

 private:
  struct Entry {
    Value value;
    std::uint64_t used;  // when, in calls
  };

  std::size_t count_max_;
  std::uint64_t uses_ = 0;
  std::unordered_map<Key, Entry, Hash> entries_;
};

}  // namespace kernels::cuda
