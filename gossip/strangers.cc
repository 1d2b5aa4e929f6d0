#include "gossip/strangers.h"

#include <iterator>

namespace gossip {

void Strangers::hear_of(runtime::PeerId peer, const runtime::Address& address,
                        runtime::Instant now) {
  std::erase_if(heard_of_, [&](const auto& each) { return now - each.second.at >= kHeardMax; });
  if (heard_of_.size() < kStrangersMax || heard_of_.contains(peer))
    heard_of_.insert_or_assign(peer, HeardOf{address, now});
}

std::optional<Strangers::Stranger> Strangers::ask(runtime::Random& random, runtime::Instant now) {
  std::erase_if(heard_of_, [&](const auto& each) { return now - each.second.at >= kHeardMax; });
  std::erase_if(asked_, [&](const auto& each) { return now - each.second >= kAnswerMax; });
  if (heard_of_.empty()) return std::nullopt;
  const auto chosen =
      std::next(heard_of_.begin(), static_cast<std::ptrdiff_t>(random.below(heard_of_.size())));
  asked_[chosen->first] = now;
  return Stranger{chosen->first, chosen->second.address};
}

bool Strangers::asked(runtime::PeerId peer, runtime::Instant now) const {
  const auto found = asked_.find(peer);
  return found != asked_.end() && now - found->second < kAnswerMax;
}

}  // namespace gossip
