#include "gossip/membership/partial_view.h"

#include <algorithm>

#include "runtime/check.h"

namespace gossip {
namespace {

// Of a shuffle: so many neighbours and others go along with one's own name.
constexpr std::size_t kNeighboursShuffled = 3;
constexpr std::size_t kOthersShuffled = 4;
// The first ones come one an interval: a newcomer knows few, all of them near each other.
constexpr std::uint64_t kEagerShuffles = 10;
static_assert(1 + kNeighboursShuffled + kOthersShuffled == kViewPeersMax);

using Kind = ViewMessage::Kind;

}  // namespace

PartialView::PartialView(const PartialViewOptions& options, runtime::Instant now)
    : options_(options),
      random_(options.seed, runtime::mix_bits(~runtime::value_of(options.self))),
      circle_{options.self},
      ticked_at_(now) {
  CHECK(options.neighbours_max > 0);
  CHECK(options.interval > runtime::Duration::zero());
  // Not all at the same moment.
  tick_at_ = now + runtime::Duration(static_cast<runtime::Duration::rep>(
                       random_.below(static_cast<std::uint64_t>(options.interval.count()))));
  shuffle_at_ = tick_at_;
}

void PartialView::join(runtime::PeerId contact) {
  if (contact == options_.self) return;
  note(contact);
  post(contact, {.kind = Kind::kJoin});
}

void PartialView::heard_of(runtime::PeerId peer) { note(peer); }

void PartialView::lost(runtime::PeerId peer) {
  forget_neighbour(peer);
  asked_.erase(peer);
  std::erase(others_, peer);
}

void PartialView::hear(runtime::PeerId from, const ViewMessage& message, runtime::Instant now) {
  if (from == options_.self) return;
  if (const auto neighbour = neighbours_.find(from); neighbour != neighbours_.end())
    neighbour->second = now;
  switch (message.kind) {
    case Kind::kJoin:
      return hear_join(from, now);
    case Kind::kForwardJoin:
      return hear_forward_join(from, message, now);
    case Kind::kNeighbour:
      return hear_neighbour(from, message.urgent, now);
    case Kind::kAccept:
      return hear_accept(from, now);
    case Kind::kRefuse:
      asked_.erase(from);
      return;
    case Kind::kHere:
      return hear_here(from, now);
    case Kind::kDisconnect:
      asked_.erase(from);
      return hear_disconnect(from, message.about, now);
    case Kind::kShuffle:
      return hear_shuffle(from, message);
    case Kind::kShuffled:
      for (const runtime::PeerId peer : message.peers) note(peer, given_away_);
      return;
  }
}

// Whoever is asked first takes the newcomer in any case, and has it known further away, so that its
// neighbours are not each other's.
void PartialView::hear_join(runtime::PeerId newcomer, runtime::Instant now) {
  take(newcomer, now);
  post(newcomer, {.kind = Kind::kAccept});
  for (const auto& [neighbour, heard_at] : neighbours_)
    if (neighbour != newcomer)
      post(neighbour, {.kind = Kind::kForwardJoin, .hops = options_.join_hops, .about = newcomer});
}

void PartialView::hear_forward_join(runtime::PeerId from, const ViewMessage& message,
                                    runtime::Instant now) {
  const runtime::PeerId newcomer = message.about;
  if (newcomer == options_.self) return;
  const std::uint8_t hops = std::min(message.hops, options_.join_hops);
  if (hops == options_.note_hops) note(newcomer);
  const runtime::PeerId next = any_neighbour_but(from, newcomer);
  if (hops == 0 || neighbours_.size() <= 1 || next == options_.self) {
    if (!is_neighbour(newcomer)) ask(newcomer, false, now);
    return;
  }
  post(
      next,
      {.kind = Kind::kForwardJoin, .hops = static_cast<std::uint8_t>(hops - 1), .about = newcomer});
}

void PartialView::hear_neighbour(runtime::PeerId from, bool urgent, runtime::Instant now) {
  if (!urgent && !has_room() && !is_neighbour(from)) {
    note(from);
    return post(from, {.kind = Kind::kRefuse});
  }
  take(from, now);
  post(from, {.kind = Kind::kAccept});
}

// An answer that comes too late finds room, or nobody.
void PartialView::hear_accept(runtime::PeerId from, runtime::Instant now) {
  const bool asked = asked_.contains(from);
  if (!asked && !has_room() && !is_neighbour(from))
    return post(from, {.kind = Kind::kDisconnect, .about = options_.self});
  take(from, now);
}

// Both sides of a neighbourhood hold it, or, if a message about it was lost, neither.
void PartialView::hear_here(runtime::PeerId from, runtime::Instant now) {
  if (is_neighbour(from)) return;
  if (!has_room()) return post(from, {.kind = Kind::kDisconnect, .about = options_.self});
  take(from, now);
  // It may have been told otherwise meanwhile.
  post(from, {.kind = Kind::kAccept});
}

// An edge that gives way to a newcomer goes through it, so that no part of the overlay falls off.
void PartialView::hear_disconnect(runtime::PeerId from, runtime::PeerId successor,
                                  runtime::Instant now) {
  if (!is_neighbour(from)) return;
  forget_neighbour(from);
  note(from);
  if (successor != from && successor != options_.self && !is_neighbour(successor))
    ask(successor, false, now);
}

void PartialView::hear_shuffle(runtime::PeerId from, const ViewMessage& message) {
  if (message.about == options_.self) return;
  const std::uint8_t hops = std::min(message.hops, options_.join_hops);
  const runtime::PeerId next = any_neighbour_but(from, message.about);
  if (hops > 0 && next != options_.self) {
    ViewMessage passed_on = message;
    passed_on.hops = static_cast<std::uint8_t>(hops - 1);
    return post(next, std::move(passed_on));
  }
  const Peers given = some_of(others_, message.peers.size());
  post(message.about, {.kind = Kind::kShuffled, .peers = given});
  for (const runtime::PeerId peer : message.peers) note(peer, given);
}

void PartialView::take(runtime::PeerId peer, runtime::Instant now) {
  asked_.erase(peer);
  if (is_neighbour(peer)) return;
  if (!has_room()) drop(any_neighbour_but(options_.self, options_.self), peer);
  std::erase(others_, peer);
  neighbours_.emplace(peer, now);
  follow_neighbours();
}

void PartialView::drop(runtime::PeerId peer, runtime::PeerId successor) {
  post(peer, {.kind = Kind::kDisconnect, .about = successor});
  forget_neighbour(peer);
  note(peer);
}

void PartialView::forget_neighbour(runtime::PeerId peer) {
  if (neighbours_.erase(peer) > 0) follow_neighbours();
}

void PartialView::follow_neighbours() {
  circle_.assign(1, options_.self);
  for (const auto& [peer, heard_at] : neighbours_) circle_.push_back(peer);
  std::ranges::sort(circle_);
}

void PartialView::ask(runtime::PeerId peer, bool urgent, runtime::Instant now) {
  if (asked_.size() > options_.neighbours_max + options_.others_max) return;
  asked_[peer] = now + options_.interval;
  post(peer, {.kind = Kind::kNeighbour, .urgent = urgent});
}

// Among the others; where these are full, one that was given away gives way, or any.
void PartialView::note(runtime::PeerId peer, std::span<const runtime::PeerId> given_away) {
  const bool known = peer == options_.self || is_neighbour(peer) ||
                     std::ranges::find(others_, peer) != others_.end();
  if (known || options_.others_max == 0) return;
  if (others_.size() < options_.others_max) return others_.push_back(peer);
  auto gives_way = std::ranges::find_if(others_, [&](runtime::PeerId other) {
    return std::ranges::find(given_away, other) != given_away.end();
  });
  if (gives_way == others_.end())
    gives_way = others_.begin() + static_cast<std::ptrdiff_t>(random_.below(others_.size()));
  *gives_way = peer;
}

void PartialView::tick(runtime::Instant now) {
  if (now < tick_at_) return;
  tick_at_ = now + options_.interval;
  excuse_after_gap(now);
  drop_silent(now);
  for (const auto& [neighbour, heard_at] : neighbours_) post(neighbour, {.kind = Kind::kHere});
  if (now >= shuffle_at_) shuffle(now);
  fill_up(now);
}

// Who stood still itself has not listened.
void PartialView::excuse_after_gap(runtime::Instant now) {
  const runtime::Duration gap = now - ticked_at_;
  ticked_at_ = now;
  if (gap <= 2 * options_.interval) return;
  for (auto& [neighbour, heard_at] : neighbours_) heard_at = now;
  for (auto& [peer, until] : asked_) until = now + options_.interval;
}

void PartialView::drop_silent(runtime::Instant now) {
  Peers silent;
  for (const auto& [peer, heard_at] : neighbours_)
    if (now - heard_at > options_.silence_max) silent.push_back(peer);
  for (const auto& [peer, until] : asked_)
    if (now >= until) silent.push_back(peer);
  for (const runtime::PeerId peer : silent) lost(peer);
}

// As many at a time as there is room for. Who has nobody cannot be refused.
void PartialView::fill_up(runtime::Instant now) {
  if (neighbours_.size() + asked_.size() >= options_.neighbours_max) return;
  const bool urgent = lonely();
  Peers candidates = others_;
  std::erase_if(candidates, [this](runtime::PeerId peer) { return asked_.contains(peer); });
  const std::size_t room = options_.neighbours_max - neighbours_.size() - asked_.size();
  for (const runtime::PeerId peer : some_of(std::move(candidates), room)) ask(peer, urgent, now);
}

void PartialView::shuffle(runtime::Instant now) {
  if (lonely()) return;
  shuffle_at_ =
      now + (++shuffles_ < kEagerShuffles ? options_.interval : options_.shuffle_interval);
  if (options_.shuffles_per_swap > 0 && random_.below(options_.shuffles_per_swap) == 0)
    swap_one(now);
  const runtime::PeerId to = any_neighbour_but(options_.self, options_.self);
  Peers neighbours(circle_);
  std::erase(neighbours, options_.self);
  given_away_ = some_of(others_, kOthersShuffled);
  ViewMessage message{.kind = Kind::kShuffle,
                      .hops = options_.join_hops,
                      .about = options_.self,
                      .peers = some_of(std::move(neighbours), kNeighboursShuffled)};
  message.peers.push_back(options_.self);
  message.peers.insert(message.peers.end(), given_away_.begin(), given_away_.end());
  post(to, std::move(message));
}

// Both sides let go of one for it, drawn; these two have room then, and find somebody.
void PartialView::swap_one(runtime::Instant now) {
  if (has_room() || others_.empty()) return;  // with room it asks anyway
  ask(others_[random_.below(others_.size())], true, now);
}

runtime::PeerId PartialView::any_neighbour_but(runtime::PeerId one, runtime::PeerId other) {
  Peers candidates(circle_);
  std::erase_if(candidates, [&](runtime::PeerId peer) {
    return peer == options_.self || peer == one || peer == other;
  });
  return candidates.empty() ? options_.self : candidates[random_.below(candidates.size())];
}

PartialView::Peers PartialView::some_of(Peers peers, std::size_t count) {
  random_.shuffle(std::span(peers));
  if (peers.size() > count) peers.resize(count);
  return peers;
}

}  // namespace gossip
