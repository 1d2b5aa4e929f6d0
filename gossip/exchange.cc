#include "gossip/exchange.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "runtime/check.h"

namespace gossip {

Exchange::Exchange(const ExchangeOptions& options, const BlockLayout& layout, Members members)
    : options_(options),
      layout_(&layout),
      members_(std::move(members)),
      inbox_(layout, options.order),
      guests_(layout),
      heartbeat_at_(options.heartbeat_interval == runtime::Duration::zero()
                        ? runtime::Instant::max()
                        : members_.ticked_at()),
      shut_out_(options.offences_max),
      norm_limit_(options.norm_limit) {
  CHECK(options.heartbeat_interval >= runtime::Duration::zero());
  CHECK(members_.contains(options.self.id));
  contacts_.emplace(options.self.id, options.contact);
}

bool Exchange::is_living(runtime::PeerId peer) const {
  return peer != options_.self.id && members_.contains(peer) &&
         members_.state(peer) == MemberState::kAlive;
}

Lane& Exchange::lane(runtime::PeerId peer) {
  return lanes_.try_emplace(peer, options_.edge, *layout_).first->second;
}

Lane& Exchange::talk(runtime::PeerId peer) {
  Lane& lane = this->lane(peer);
  talking_.try_emplace(peer, &lane);
  return lane;
}

std::vector<runtime::PeerId> Exchange::talking_to() {
  std::vector<runtime::PeerId> peers = guests_.all();
  for (auto entry = talking_.begin(); entry != talking_.end();) {
    if (entry->second->quiet()) {
      entry = talking_.erase(entry);
      continue;
    }
    peers.push_back(entry->first);
    ++entry;
  }
  return peers;
}

bool Exchange::has_room(runtime::PeerId to) const {
  if (!is_living(to)) return false;
  const auto found = lanes_.find(to);
  return found == lanes_.end() || found->second.out().has_room();
}

void Exchange::push(const Push& push) {
  CHECK(is_living(push.to));
  talk(push.to).out().push(push);
}

void Exchange::want_heartbeats() {
  for (const runtime::PeerId peer : members_.living())
    if (peer != options_.self.id) talk(peer).want_heartbeat();
}

void Exchange::set_progress(const Progress& progress) {
  const bool rounds_due =
      options_.heartbeat_rounds > 0 && progress.round >= round_told_ + options_.heartbeat_rounds;
  if (rounds_due) round_told_ = progress.round;
  if (rounds_due || progress.phase != said_.progress.phase) want_heartbeats();
  said_.progress = progress;
  if (progress.phase == Phase::kDraining)
    for (auto& [peer, lane] : talking_) lane->out().hurry();
}

void Exchange::pushed(std::uint64_t round, std::shared_ptr<const std::vector<float>> sketch) {
  sketch_ = std::move(sketch);
  rounds_pushed_ = round + 1;
  if (options_.acknowledge == Acknowledge::kPushed) acknowledge_before(rounds_pushed_);
}

Heard Exchange::heard(runtime::PeerId peer) const {
  const auto found = heard_.find(peer);
  return found == heard_.end() ? Heard{} : found->second;
}

void Exchange::say_goodbye() {
  for (const runtime::PeerId peer : members_.living())
    if (peer != options_.self.id) talk(peer).want_goodbye();
}

void Exchange::receive(const Message& message, std::size_t bytes, runtime::Instant now) {
  traffic_.bytes_received += bytes;
  const Sender& from = message.from;
  if (const auto* hello = std::get_if<Hello>(&message.body)) return hear(from, *hello, now);
  if (guests_.contains(from.id)) {
    if (const auto* request = std::get_if<Request>(&message.body)) hear(from, *request, now);
    return;
  }
  if (from.id == options_.self.id || !members_.contains(from.id))
    return refuse(from.id, Refusal::kUnknownPeer);
  if (!is_living(from.id) || !lane(from.id).recognises(from.incarnation))
    return refuse(from.id, Refusal::kFromTheDead);

  members_.heard(from.id, now);
  unanswered_.erase(from.id);
  std::visit([&](const auto& said) { hear(from, said, now); }, message.body);
}

void Exchange::hear(const Sender& from, const Parcel& parcel, runtime::Instant /*now*/) {
  if (norm_limit_.refuses(parcel, *layout_)) return refuse(from.id, Refusal::kOutlier);
  Lane& lane = this->lane(from.id);
  const bool has_room = inbox_open_ && inbox_.has_room(parcel.round);
  if (!has_room && !lane.in().has_seen(from.incarnation, parcel.sequence)) {
    ++traffic_.parcels_deferred;
    return;
  }
  switch (lane.in().book(from.incarnation, parcel.sequence)) {
    case InEdge::Verdict::kOutOfWindow:
      return refuse(from.id, Refusal::kOutOfWindow);
    case InEdge::Verdict::kSeen:
      // Either our acknowledgement was lost, or is under way, or the trainer has not come by yet.
      if (unacknowledged_.contains({from.id, parcel.sequence})) return;
      break;
    case InEdge::Verdict::kNew:
      inbox_.add(from.id, parcel);
      members_.heard_round(from.id, parcel.round);
      ++traffic_.parcels_received;
      if (options_.keep_heard) unfolded_.emplace(Key{from.id, parcel.sequence}, parcel);
      if (options_.acknowledge == Acknowledge::kArrived) break;
      if (options_.acknowledge == Acknowledge::kPushed && parcel.round < rounds_pushed_) break;
      unacknowledged_.emplace(Key{from.id, parcel.sequence}, parcel.round);
      return;
  }
  talk(from.id).want_acknowledged(parcel.sequence, sketch_);
}

std::span<const BlockArrival> Exchange::take_before(std::uint64_t round) {
  if (options_.acknowledge == Acknowledge::kFolded) acknowledge_before(round);
  note_heard_before(round);
  return inbox_.take_before(round);
}

bool Exchange::waits_for_round(std::uint64_t parcel_round, std::uint64_t round) const {
  return options_.order == Inbox::Order::kByRound && parcel_round >= round;
}

void Exchange::acknowledge_before(std::uint64_t round) {
  std::erase_if(unacknowledged_, [&](const auto& booked) {
    const auto& [key, round_booked] = booked;
    if (waits_for_round(round_booked, round)) return false;
    if (is_living(key.first)) talk(key.first).want_acknowledged(key.second, sketch_);
    return true;
  });
}

void Exchange::note_heard_before(std::uint64_t round) {
  std::erase_if(unfolded_, [&](const auto& unfolded) {
    const Parcel& parcel = unfolded.second;
    if (waits_for_round(parcel.round, round)) return false;
    std::vector<Parcel>& parcels = heard_[unfolded.first.first].parcels;
    parcels.resize(layout_->block_count());
    parcels[parcel.block] = parcel;
    return true;
  });
}

void Exchange::hear(const Sender& from, const Acknowledgement& acknowledgement,
                    runtime::Instant /*now*/) {
  if (acknowledgement.incarnation != options_.self.incarnation) return;  // of our former self
  for (const std::uint64_t sequence : acknowledgement.sequences)
    lane(from.id).out().acknowledge(sequence);
  if (acknowledgement.sketch) heard_[from.id].sketch = acknowledgement.sketch;
}

void Exchange::hear(const Sender& from, const Heartbeat& heartbeat, runtime::Instant now) {
  members_.heard(from.id, heartbeat.progress, now);
  // Somebody has missed news; both sides tell each other whom they know.
  if (heartbeat.roster != said().roster) talk(from.id).want_roster();
}

void Exchange::hear(const Sender& from, const Goodbye& /*goodbye*/, runtime::Instant /*now*/) {
  members_.left(from.id);
  part_from(from.id, MemberState::kLeft);
}

void Exchange::part_from(runtime::PeerId peer, MemberState state, bool revoked) {
  heard_.erase(peer);
  unanswered_.erase(peer);
  partings_.push_back(peer);
  said_stale_ = true;
  MemberEvent event{.peer = peer, .name = name_of(peer), .state = state, .revoked = revoked};
  for (const Parcel& parcel : lane(peer).close()) {
    inbox_.take_back(options_.decoder == nullptr ? parcel : options_.decoder->decoded(parcel));
    event.mass_taken_back += parcel.mass();
  }
  events_.emplace_back(event);
}

bool Exchange::shuts_out(runtime::PeerId from) {
  if (!shut_out_.contains(from, members_.ticked_at())) return false;
  refuse(from, Refusal::kShutOut);
  return true;
}

void Exchange::refuse(runtime::PeerId from, Refusal reason) {
  ++traffic_.messages_refused;
  if (is_offence(reason) && shut_out_.offended(from, members_.ticked_at()))
    refusals_.erase({from, Refusal::kShutOut});  // said again each time
  if (!members_.contains(from) && !strangers_.contains(from)) {
    if (strangers_.size() == kStrangersMax) return;
    strangers_.insert(from);
  }
  const std::uint64_t count = ++refusals_[{from, reason}];
  if (std::has_single_bit(count))
    events_.emplace_back(RefusalEvent{.peer = from, .reason = reason, .count = count});
}

void Exchange::tick(runtime::Instant now) {
  for (const runtime::PeerId peer : members_.tick(now)) part_from(peer, MemberState::kDead);
  for (const runtime::PeerId guest : guests_.tick(now)) partings_.push_back(guest);
  if (now < heartbeat_at_) return;
  heartbeat_at_ = now + options_.heartbeat_interval;
  want_heartbeats();
  for (const runtime::PeerId peer : unanswered_) talk(peer).want_hello();
}

runtime::Instant Exchange::next_tick() const {
  const runtime::Instant ticked_at = members_.ticked_at();
  // Well below the gap between ticks that Members takes for a freeze of ours.
  runtime::Instant next = std::min(heartbeat_at_, ticked_at + members_.silence_max() / 4);
  for (const auto& [peer, lane] : talking_)
    if (const auto resend_at = lane->out().resend_at(ticked_at)) next = std::min(next, *resend_at);
  return next;
}

const std::vector<runtime::Frame>* Exchange::next(runtime::PeerId to, runtime::Channel channel,
                                                  runtime::Instant now) {
  if (guests_.contains(to)) return guests_.next(options_.self, to, channel);
  if (!is_living(to)) return nullptr;
  Lane& lane = this->lane(to);
  return channel == runtime::Channel::kBulk ? lane.next_bulk(options_.self, now)
                                            : lane.next_control(options_.self, said());
}

void Exchange::sent(runtime::PeerId to, runtime::Channel channel, runtime::Instant now) {
  if (guests_.contains(to)) {
    traffic_.bytes_sent += guests_.sent(to, channel);
    return;
  }
  CHECK(is_living(to));
  Lane& lane = this->lane(to);
  if (channel == runtime::Channel::kControl) {
    traffic_.bytes_sent += lane.control_sent();
    return;
  }
  const Lane::BulkSent sent = lane.bulk_sent(now);
  traffic_.bytes_sent += sent.bytes;
  ++(sent.first_time ? traffic_.parcels_sent : traffic_.parcels_resent);
}

double Exchange::mass_in_flight() const {
  double mass = 0.0;
  for (const auto& [peer, lane] : talking_) mass += lane->out().mass_in_flight();
  return mass;
}

std::size_t Exchange::parcels_in_flight() const {
  std::size_t count = 0;
  for (const auto& [peer, lane] : talking_) count += lane->out().in_flight();
  return count;
}

bool Exchange::quiet() const {
  return std::all_of(talking_.begin(), talking_.end(),
                     [](const auto& entry) { return entry.second->quiet(); });
}

std::vector<Event> Exchange::take_events() { return std::exchange(events_, {}); }

}  // namespace gossip
