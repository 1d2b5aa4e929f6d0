#pragma once
// News of members on their way through the run: each goes along with messages that are sent anyway,
// a number of times that grows with the logarithm of the run (SWIM, Das et al. 2002, §4.1).

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "gossip/members.h"
#include "runtime/peer_id.h"

namespace gossip {

// What `from` says of `about`. Of two rumours of one incarnation the one of the higher refutation
// holds, then the graver one.
struct Rumour {
  runtime::PeerId about{};
  std::uint64_t incarnation = 0;  // of `about`; 0: whoever says it has never heard of it directly
  std::uint64_t refutation = 0;   // grows each time `about` refutes a suspicion
  MemberState state = MemberState::kAlive;
  runtime::PeerId from{};
  friend bool operator==(const Rumour&, const Rumour&) = default;
};

inline constexpr std::size_t kRumoursMax = 16;  // of one message

class Rumours {
 public:
  void spread(const Rumour& rumour);  // instead of what was said of the same member before
  void forget(runtime::PeerId about);
  [[nodiscard]] bool empty() const { return rumours_.empty(); }

  // What to tell in the next message, at most `most`, for a run of so many members: what was told
  // least often.
  [[nodiscard]] std::vector<Rumour> take(std::size_t most, std::size_t members);

 private:
  using Place = std::pair<std::size_t, runtime::PeerId>;  // how often it was told; of whom it is

  std::map<Place, Rumour> rumours_;
  std::map<runtime::PeerId, std::size_t> times_;  // how often that of each was told
};

// How often a rumour is told by each member of a run of so many.
[[nodiscard]] std::size_t times_to_tell(std::size_t members);

}  // namespace gossip
