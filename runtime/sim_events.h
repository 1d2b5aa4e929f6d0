#pragma once
// The queue of a virtual timeline: what happens next, and when.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "runtime/clock.h"

namespace runtime {

// Events ordered by (instant, order of adding). Events stay where they are while the heap moves
// small keys, so that millions of large events cost little.
template <typename Event>
class SimEvents {
 public:
  struct Due {
    Instant when;
    std::uint64_t number = 0;  // in the order of adding
    Event event;
  };

  [[nodiscard]] bool empty() const { return keys_.empty(); }

  void add(Instant when, Event event) {
    std::size_t slot = slots_.size();
    if (free_.empty()) {
      slots_.push_back(std::move(event));
    } else {
      slot = free_.back();
      free_.pop_back();
      slots_[slot] = std::move(event);
    }
    keys_.push_back({when, added_++, slot});
    std::ranges::push_heap(keys_, happens_after);
  }

  // Takes out the earliest event. There must be one.
  [[nodiscard]] Due take() {
    std::ranges::pop_heap(keys_, happens_after);
    const Key key = keys_.back();
    keys_.pop_back();
    free_.push_back(key.slot);
    return {key.when, key.number, std::move(slots_[key.slot])};
  }

 private:
  struct Key {
    Instant when;
    std::uint64_t number;
    std::size_t slot;
  };
  static bool happens_after(const Key& a, const Key& b) {
    return a.when != b.when ? a.when > b.when : a.number > b.number;
  }

  std::vector<Key> keys_;
  std::vector<Event> slots_;
  std::vector<std::size_t> free_;
  std::uint64_t added_ = 0;
};

}  // namespace runtime
