#pragma once
// How many messages of one peer are looked at in a second. What is beyond is as good as lost on the
// way: parcels come again, and so does what was asked.

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory_resource>

#include "runtime/clock.h"
#include "runtime/peer_id.h"

namespace gossip {

class RateLimit {
 public:
  static constexpr runtime::Duration kWindow{1'000'000'000};
  static constexpr std::size_t kPeersMax = 1024;  // counted one by one; the rest as one

  // `messages_max` a window; 0: however many. `memory` outlives it.
  RateLimit(std::uint64_t messages_max, std::pmr::memory_resource* memory)
      : messages_max_(messages_max), counts_(memory) {}

  // One more. Whether it is one too many.
  [[nodiscard]] bool exceeded_by(runtime::PeerId peer, runtime::Instant now);

 private:
  std::uint64_t messages_max_;
  runtime::Instant since_{};                              // when this window began
  std::pmr::map<runtime::PeerId, std::uint64_t> counts_;  // within it
  std::uint64_t count_of_the_rest_ = 0;
};

}  // namespace gossip
