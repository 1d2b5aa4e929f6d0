// The part of Exchange that finds out who is alive, and what follows from it.
#include <algorithm>
#include <utility>

#include "gossip/exchange.h"
#include "runtime/check.h"

namespace gossip {
namespace {

// One of the dead is asked so often whether it is: it may live behind a cut that has healed, or
// have been frozen.
constexpr runtime::Duration kKnockInterval{1'000'000'000};

}  // namespace

void Exchange::follow_membership() {
  for (const Change& change : membership_.take_changes()) follow(change);
  for (const Question& question : membership_.take_questions())
    talk(question.to).want_probe(question.probe);
  for (const runtime::PeerId peer : membership_.take_cut_off()) dial_again(peer);
}

// A connection may be dead in one direction and not know it.
void Exchange::dial_again(runtime::PeerId peer) {
  const Contact* contact = contact_of(peer);
  if (contact == nullptr || !is_living(peer)) return;
  partings_.push_back(peer);
  dials_.push_back(*contact);
}

MemberEvent Exchange::event_of(runtime::PeerId peer, MemberState state, std::string reason) const {
  return {.peer = peer,
          .name = name_of(peer),
          .incarnation = membership_.incarnation_of(peer).value_or(0),
          .state = state,
          .reason = std::move(reason)};
}

void Exchange::follow(const Change& change) {
  const auto who = [this](runtime::PeerId peer) {
    const std::string name = name_of(peer);
    return name.empty() ? to_string(peer) : name;
  };
  const bool told = change.reason == Change::Reason::kRumour;
  switch (change.state) {
    case MemberState::kAlive:
      events_.emplace_back(event_of(change.peer, change.state, "refuted"));
      return;
    case MemberState::kSuspect:
      events_.emplace_back(event_of(change.peer, change.state,
                                    told ? who(change.from) + " suspects it" : "no answer"));
      return;
    case MemberState::kDead:
      return part_from(change.peer, MemberState::kDead,
                       told ? "found dead by " + who(change.from) : "no answer, nor a refutation");
    case MemberState::kLeft:
      return part_from(change.peer, MemberState::kLeft, "said goodbye to others");
  }
}

// What the dead say is not heard, nor another life of the living, but for the news that we are dead
// to them. Whoever speaks of something else does not know that it is dead to us, or a stranger.
void Exchange::hear_obituary(const Message& message, runtime::Instant now) {
  const auto* heartbeat = std::get_if<Heartbeat>(&message.body);
  const bool obituary = heartbeat != nullptr && heartbeat->rumours.size() == 1 &&
                        heartbeat->rumours[0].about == options_.self.id &&
                        heartbeat->rumours[0].state == MemberState::kDead;
  if (obituary) {
    membership_.hear(heartbeat->rumours[0], now);
    if (expelled() && !expelled_by_) expelled_by_ = message.from;
    return;
  }
  if (message.from.incarnation > membership_.incarnation_of(message.from.id).value_or(0)) {
    membership_.outlived(message.from.id, now);
    follow_membership();
  }
  refuse(message.from.id, Refusal::kFromTheDead);
}

void Exchange::knock(runtime::Instant now) {
  knock_at_ = now + kKnockInterval;
  knocks_.clear();
  // A later life of one of them may be a guest by now, and dialled where it is.
  for (const runtime::PeerId peer : std::exchange(knocked_, {}))
    if (!is_living(peer) && !guests_.contains(peer)) partings_.push_back(peer);
  if (!options_.admits) return;
  if (options_.probe_interval > runtime::Duration::zero()) knock_at_the_dead();
  knock_at_strangers(now);
}

void Exchange::knock_at_the_dead() {
  std::vector<runtime::PeerId> dead;
  for (const runtime::PeerId peer : members().all())
    if (members().state(peer) == MemberState::kDead && is_welcome(peer) && !guests_.contains(peer))
      dead.push_back(peer);
  if (dead.empty()) return;
  const runtime::PeerId peer = dead[random_.below(dead.size())];
  Heartbeat news{.progress = said_.progress, .roster = said().roster};
  news.rumours.push_back(membership_.obituary(peer));
  std::deque<std::vector<runtime::Frame>>& knock = knocks_[peer];
  // Behind a cut, or started again, it may not know this peer, and a stranger's news is not heard.
  if (said_.progress.phase == Phase::kTraining)
    knock.push_back(encode(
        options_.self, Hello{.self = options_.contact, .terms = options_.terms, .ready = true}));
  knock.push_back(encode(options_.self, news));
  knocked_.insert(peer);
  if (const Contact* contact = contact_of(peer)) dials_.push_back(*contact);
}

bool Exchange::is_welcome(runtime::PeerId peer) const {
  const Contact* contact = contact_of(peer);
  return contact == nullptr || is_authorized(*contact);
}

const Contact* Exchange::contact_of(runtime::PeerId peer) const {
  const auto known = contacts_.find(peer);
  return known == contacts_.end() ? nullptr : &known->second;
}

std::unique_ptr<Exchange> Exchange::next_life(runtime::Instant now) const {
  ExchangeOptions options = options_;
  options.contact.id = options.self.id;
  options.contact.incarnation = ++options.self.incarnation;
  // Who said so is greeted too: dead to this peer until now, it may be all that lives beyond a cut.
  PeerList living = members().living_list();
  if (expelled_by_) living = living.with(expelled_by_->id);
  auto next =
      std::make_unique<Exchange>(options, *layout_, Members(options.self.id, living, now), now);
  next->traffic_ = traffic_;
  next->authorized_ = authorized_;
  next->shut_out_ = shut_out_;
  next->norm_limit_ = norm_limit_;
  next->clipping_ = clipping_;
  next->standing_ = standing_;
  next->events_ = events_;
  next->said_.progress = said_.progress;
  std::vector<Contact> contacts;
  for (const runtime::PeerId peer : living) {
    const Contact* known = contact_of(peer);
    Contact contact = known == nullptr ? Contact{} : *known;
    contact.id = peer;
    if (expelled_by_ && peer == expelled_by_->id) contact.incarnation = expelled_by_->incarnation;
    // News of a life that it ended long ago may still go round, and is not of this one.
    const auto incarnation = membership_.incarnation_of(peer);
    if (incarnation && is_living(peer)) {
      static_cast<void>(next->membership_.recognises(peer, *incarnation));
      static_cast<void>(next->lane(peer).recognises(*incarnation));
    }
    contacts.push_back(std::move(contact));
  }
  next->meet(contacts, true, now);
  return next;
}

}  // namespace gossip
