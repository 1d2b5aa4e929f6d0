#pragma once
// All blocks of an inbox at once, as no trainer takes them: copies, good for ever.

#include <cstddef>
#include <cstring>
#include <vector>

#include "gossip/inbox.h"
#include "gossip/mass.h"
#include "tests/support/snapshots.h"

namespace test {

class Taken {
 public:
  Taken(gossip::Inbox& inbox, const gossip::BlockLayout& layout, std::uint64_t round) {
    for (const std::uint32_t block : all_blocks(layout)) {
      const auto arrival = inbox.take(block, round);
      if (!arrival) continue;
      const kernels::ConstView numbers = arrival->numbers;
      std::vector<std::byte>& copy = copies_.emplace_back(numbers.bytes());
      std::memcpy(copy.data(), numbers.data(), numbers.bytes());
      arrivals_.push_back(*arrival);
      arrivals_.back().numbers = {copy.data(), numbers.count(), numbers.scalar()};
    }
    inbox.drop_taken();
  }

  [[nodiscard]] std::size_t size() const { return arrivals_.size(); }
  [[nodiscard]] bool empty() const { return arrivals_.empty(); }
  [[nodiscard]] auto begin() const { return arrivals_.begin(); }
  [[nodiscard]] auto end() const { return arrivals_.end(); }
  const gossip::BlockArrival& operator[](std::size_t index) const { return arrivals_.at(index); }

 private:
  std::vector<std::vector<std::byte>> copies_;
  std::vector<gossip::BlockArrival> arrivals_;
};

// What a trainer does with them.
inline void fold_all(gossip::Inbox& inbox, const gossip::BlockLayout& layout, std::uint64_t round,
                     gossip::Mass& mass) {
  for (const std::uint32_t block : all_blocks(layout))
    if (const auto arrival = inbox.take(block, round)) mass.fold(*arrival);
  inbox.drop_taken();
}

}  // namespace test
