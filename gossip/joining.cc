#include "gossip/joining.h"

#include <algorithm>

#include "kernels/vector.h"

namespace gossip {
Joining::Joining(JoiningOptions options, const BlockLayout& layout)
    : options_(std::move(options)),
      layout_(&layout),
      estimate_(layout.parameter_count() * kernels::bytes_of(layout.scalar())),
      fetched_(layout.block_count(), false) {
  for (std::size_t i = 0; i < options_.seeds.size(); ++i)
    dials_.emplace_back(seed_id(i), options_.seeds[i]);
}

bool Joining::add_seed(const runtime::Address& seed) {
  const bool known = std::ranges::count(options_.seeds, seed) > 0;
  if (known || state_ != State::kKnocking || !contacts_.empty()) return false;
  if (options_.seeds.size() >= kSeedsMax) return false;
  dials_.emplace_back(seed_id(options_.seeds.size()), seed);
  options_.seeds.push_back(seed);
  knocked_at_.reset();
  return true;
}

std::vector<Contact> Joining::contacts() const {
  std::vector<Contact> contacts;
  for (const auto& [id, contact] : contacts_) contacts.push_back(contact);
  return contacts;
}

kernels::ConstView Joining::estimate() const {
  return {estimate_.data(), layout_->parameter_count(), layout_->scalar()};
}

std::vector<std::pair<runtime::PeerId, runtime::Address>> Joining::take_dials() {
  return std::exchange(dials_, {});
}

std::vector<Joining::Outgoing> Joining::take_messages() { return std::exchange(messages_, {}); }

void Joining::receive(const Message& message, runtime::Instant now) {
  if (is_over()) return;
  if (const auto* rejection = std::get_if<Rejection>(&message.body)) {
    // Somebody else may let us in, unless somebody has.
    if (state_ != State::kKnocking) return;
    reason_ = rejection->reason;
    state_ = State::kRejected;
  } else if (const auto* roster = std::get_if<Roster>(&message.body)) {
    hear(message.from.id, *roster, now);
  } else if (const auto* donation = std::get_if<Donation>(&message.body)) {
    hear(message.from.id, *donation, now);
  } else if (const auto* hello = std::get_if<Hello>(&message.body)) {
    if (message.from.fingerprint == options_.sender.fingerprint) hear(message.from.id, *hello, now);
  }
}

// A member says hello to one that it holds for dead; whoever else does wants to be let in.
void Joining::hear(runtime::PeerId from, const Hello& hello, runtime::Instant now) {
  if (from == options_.self.id) return;
  if (hello.ready)
    static_cast<void>(add_seed(hello.self.address));
  else if (waiting_.size() < kWaitingMax || waiting_.contains(from))
    waiting_.insert_or_assign(from, Waiting{hello.begins_at, now});
}

bool Joining::its_turn(runtime::Instant now) {
  std::erase_if(waiting_, [&](const auto& other) {
    return now - other.second.heard_at >= 4 * options_.knock_every;
  });
  if (!options_.begins_at || waiting_.empty() || !contacts_.empty()) {
    waiting_since_.reset();
    return false;
  }
  if (!waiting_since_) waiting_since_ = now;
  const auto before = std::ranges::count_if(waiting_, [&](const auto& other) {
    const auto& [id, waiting] = other;
    return waiting.begins_at > options_.begins_at ||
           (waiting.begins_at == options_.begins_at && id < options_.self.id);
  });
  constexpr std::ptrdiff_t kTurnsMax = 6;
  return now - *waiting_since_ >= (1 + std::min(before, kTurnsMax)) * options_.turn;
}

void Joining::hear(runtime::PeerId from, const Roster& roster, runtime::Instant now) {
  if (roster.progress.step >= progress_.step) progress_ = roster.progress;
  for (const Contact& contact : roster.contacts) {
    if (contact.id == options_.self.id || contacts_.contains(contact.id)) continue;
    contacts_.emplace(contact.id, contact);
    dials_.emplace_back(contact.id, contact.address);
    knocked_at_.reset();  // the others become donors only once they know of us
  }
  // A peer hears one connection of ours at a time: the seeds' would take turns with the members'.
  if (!contacts_.empty() && !std::exchange(seeds_left_, true))
    for (std::size_t i = 0; i < options_.seeds.size(); ++i) partings_.push_back(seed_id(i));
  if (contacts_.contains(from)) donors_.insert(from);
  if (!donors_.empty()) state_ = layout_->block_count() == 0 ? State::kReady : State::kFetching;
  tick(now);
}

void Joining::hear(runtime::PeerId from, const Donation& donation, runtime::Instant now) {
  if (!donors_.contains(from) || fetched_[donation.block]) return;
  const BlockRange range = layout_->range(donation.block);
  const std::size_t number_bytes = kernels::bytes_of(layout_->scalar());
  const kernels::ConstView z(donation.payload.bytes().data(), range.count, layout_->scalar());
  kernels::vector::copy(
      z, {estimate_.data() + range.offset * number_bytes, range.count, layout_->scalar()});
  asked_.erase(donation.block);
  fetched_[donation.block] = true;
  if (++blocks_fetched_ == layout_->block_count()) {
    state_ = State::kReady;
    return;
  }
  ask_for_blocks(now);
}

void Joining::tick(runtime::Instant now) {
  if (is_over()) return;
  if (state_ == State::kKnocking && its_turn(now)) {
    state_ = State::kBegins;
    return;
  }
  if (!knocked_at_ || now - *knocked_at_ >= options_.knock_every) knock(now);
  std::erase_if(asked_, [&](const auto& asked) {
    const bool overdue = now - asked.second.at >= options_.request_max;
    // Who does not deliver is a donor again when it answers the next knock.
    if (overdue) donors_.erase(asked.second.donor);
    return overdue;
  });
  if (state_ == State::kFetching) ask_for_blocks(now);
}

void Joining::knock(runtime::Instant now) {
  knocked_at_ = now;
  const std::vector<runtime::Frame> hello = encode(
      options_.sender,
      Hello{.self = options_.self, .terms = options_.terms, .begins_at = options_.begins_at});
  for (std::size_t i = 0; i < options_.seeds.size() && contacts_.empty(); ++i)
    messages_.push_back({seed_id(i), hello});
  for (const runtime::PeerId donor : donors_) messages_.push_back({donor, hello});
  // Others in turn, for as long as there are too few: some of them may be gone.
  std::vector<runtime::PeerId> others;
  for (const auto& [id, contact] : contacts_)
    if (!donors_.contains(id)) others.push_back(id);
  for (std::size_t i = donors_.size(); i < kDonorsMax && i < contacts_.size(); ++i)
    messages_.push_back({others[knocked_at_others_++ % others.size()], hello});
}

std::optional<std::uint32_t> Joining::next_missing() const {
  for (std::uint32_t block = 0; block < layout_->block_count(); ++block)
    if (!fetched_[block] && !asked_.contains(block)) return block;
  return std::nullopt;
}

void Joining::ask_for_blocks(runtime::Instant now) {
  for (const runtime::PeerId donor : donors_) {
    const auto under_way = [&] {
      return std::ranges::count(asked_, donor,
                                [](const auto& asked) { return asked.second.donor; });
    };
    while (under_way() < static_cast<std::ptrdiff_t>(kRequestsMax)) {
      const auto block = next_missing();
      if (!block) return;
      asked_[*block] = {donor, now};
      messages_.push_back({donor, encode(options_.sender, Request{*block})});
    }
  }
}

}  // namespace gossip
