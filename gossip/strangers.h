#pragma once
// Peers that are said to be of this run and are no members: whom to ask next, and who was asked.
// Part of Exchange.

#include <cstddef>
#include <map>
#include <optional>

#include "runtime/address.h"
#include "runtime/clock.h"
#include "runtime/peer_id.h"
#include "runtime/random.h"

namespace gossip {

class Strangers {
 public:
  static constexpr std::size_t kStrangersMax = 16;  // at a time; of more the new are not noted
  static constexpr runtime::Duration kHeardMax{3'000'000'000};   // then what was said is forgotten
  static constexpr runtime::Duration kAnswerMax{3'000'000'000};  // then an answer comes too late

  struct Stranger {
    runtime::PeerId peer{};
    runtime::Address address{};
  };

  void hear_of(runtime::PeerId peer, const runtime::Address& address, runtime::Instant now);
  void forget(runtime::PeerId peer) { heard_of_.erase(peer); }  // it is one no more
  [[nodiscard]] bool any() const { return !heard_of_.empty(); }
  // One of them, whose answer is waited for from now on beside those of others asked lately.
  [[nodiscard]] std::optional<Stranger> ask(runtime::Random& random, runtime::Instant now);
  [[nodiscard]] bool asked(runtime::PeerId peer, runtime::Instant now) const;

 private:
  struct HeardOf {
    runtime::Address address{};
    runtime::Instant at{};
  };
  std::map<runtime::PeerId, HeardOf> heard_of_;
  std::map<runtime::PeerId, runtime::Instant> asked_;  // one a call of ask(), for kAnswerMax
};

}  // namespace gossip
