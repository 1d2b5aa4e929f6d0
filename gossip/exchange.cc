#include "gossip/exchange.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "runtime/check.h"

namespace gossip {
namespace {

constexpr runtime::Duration kRepeatInterval{250'000'000};
constexpr runtime::Duration kRosterInterval{1'000'000'000};  // in a run of up to 32

bool pushes_overlap(const ExchangeOptions& options, const BlockLayout& layout) {
  return layout.number_count() * kernels::bytes_of(layout.scalar()) <= options.overlap_bytes_max;
}

ExchangeOptions with_room_for(const BlockLayout& layout, ExchangeOptions options) {
  if (!pushes_overlap(options, layout) && options.order == Inbox::Order::kOnArrival)
    options.edge.pushes_in_flight_max = 1;
  return options;
}

}  // namespace

Exchange::Exchange(const ExchangeOptions& options, const BlockLayout& layout, Members members,
                   runtime::Instant now)
    : options_(with_room_for(layout, options)),
      layout_(&layout),
      membership_({.self = options.self.id,
                   .incarnation = options.self.incarnation,
                   .probe_interval = options.probe_interval,
                   .suspicion_multiplier = options.suspicion_multiplier,
                   .seed = options.seed},
                  std::move(members), now),
      clipping_(options.norm_action == NormAction::kClip ? options.norm_limit : 0.0, layout),
      inbox_(layout, options.order, &clipping_, options.make_memory),
      push_window_(pushes_overlap(options, layout)),
      requests_(layout.block_count()),
      guests_(layout),
      random_(options.seed, runtime::value_of(options.self.id)),
      ticked_at_(now),
      repeat_at_(now),
      roster_at_(now),
      knock_at_(now),
      join_view_at_(now),
      shut_out_(options.offences_max),
      rate_limit_(options.messages_max, &memory_.nodes),
      norm_limit_(options.norm_action == NormAction::kRefuse ? options.norm_limit : 0.0),
      standing_(now),
      look_at_(now) {
  CHECK(this->members().contains(options.self.id));
  contacts_.emplace(options.self.id, options.contact);
  if (!options.view) return;
  PartialViewOptions view = *options.view;
  view.self = options.self.id;
  view.seed = options.seed;
  view_.emplace(view, now);
}

bool Exchange::is_living(runtime::PeerId peer) const {
  return peer != options_.self.id && members().is_living(peer);
}

// The first life heard of, from the member itself or from others.
bool Exchange::recognises(const Sender& from) {
  return membership_.recognises(from.id, from.incarnation) &&
         lane(from.id).recognises(from.incarnation);
}

Lane& Exchange::lane(runtime::PeerId peer) {
  return lanes_.try_emplace(peer, options_.edge, *layout_, memory_).first->second;
}

Lane& Exchange::talk(runtime::PeerId peer) {
  Lane& lane = this->lane(peer);
  talking_.try_emplace(peer, &lane);
  return lane;
}

List<runtime::PeerId> Exchange::talking_to(ListMemory memory) {
  List<runtime::PeerId> peers(memory);
  for (const runtime::PeerId guest : guests_.all()) peers.push_back(guest);
  for (const auto& [peer, frames] : knocks_) peers.push_back(peer);
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
  return found == lanes_.end() || found->second.out().has_room(ticked_at_);
}

bool Exchange::may_push(std::uint64_t round) {
  std::pmr::set<std::uint64_t> rounds(&memory_.nodes);
  List<PushWindow::UnderWay> under_way(&memory_.nodes);
  for (const auto& [peer, lane] : talking_) {
    lane->out().add_rounds_to(rounds);
    if (const auto oldest = lane->out().oldest())
      under_way.push_back({peer, oldest->round, ticked_at_ - oldest->pushed_at});
  }
  return rounds.size() < options_.rounds_in_flight_max &&
         push_window_.may_push(under_way, round, said_.progress.phase == Phase::kTraining);
}

void Exchange::push(Push push) {
  CHECK(is_living(push.to));
  if (push.asks) requests_.asked(push.to);
  Lane& lane = talk(push.to);
  if (!push.blocks.empty()) push.notes = notes_.news(lane.told());
  lane.out().push(push, ticked_at_, resend_timer_.wait());
}

void Exchange::push_or_take_back(Push push) {
  if (is_living(push.to)) return this->push(std::move(push));
  OutEdge to_nobody(options_.edge, *layout_);
  to_nobody.push(push, ticked_at_);
  for (const Parcel& parcel : to_nobody.take_back()) inbox_.take_back(parcel);
}

void Exchange::want_heartbeats() {
  for (const runtime::PeerId peer : members().living())
    if (peer != options_.self.id) talk(peer).want_heartbeat();
}

void Exchange::set_progress(const Progress& progress) {
  const bool rounds_due =
      options_.heartbeat_rounds > 0 &&
      (!round_told_ || progress.round >= *round_told_ + options_.heartbeat_rounds);
  if (rounds_due) round_told_ = progress.round;
  if (rounds_due || progress.phase != said_.progress.phase) want_heartbeats();
  said_.progress = progress;
  if (progress.phase == Phase::kDraining)
    for (auto& [peer, lane] : talking_) lane->out().hurry();
}

void Exchange::pushed(std::uint64_t round, std::shared_ptr<const Sketch> sketch) {
  sketch_ = std::move(sketch);
  rounds_pushed_ = round + 1;
  if (options_.acknowledge == Acknowledge::kPushed) acknowledge_before(rounds_pushed_);
}

void Exchange::note_own(std::shared_ptr<const Snapshot> own,
                        const std::vector<double>& squared_norms) {
  if (options_.norm_action == NormAction::kClip)
    clipping_.centre_on(std::move(own), squared_norms);
  else
    norm_limit_.note_own(squared_norms, *layout_);
}

Heard Exchange::heard(runtime::PeerId peer, ListMemory memory) const {
  Heard heard{.parcels = List<Parcel>(memory), .sketch = nullptr};
  if (const auto found = heard_.find(peer); found != heard_.end()) heard = found->second;
  return heard;
}

void Exchange::say_goodbye() {
  for (const runtime::PeerId peer : members().living())
    if (peer != options_.self.id) talk(peer).want_goodbye();
}

void Exchange::receive(const Message& message, std::size_t bytes, runtime::Instant now) {
  note_received(message, bytes, now);
  const Sender& from = message.from;
  if (const auto* hello = std::get_if<Hello>(&message.body)) return hear(from, *hello, now);
  if (const auto* roster = std::get_if<Roster>(&message.body); roster && asked(from.id, now))
    return meet_strangers(*roster, now);
  if (guests_.contains(from.id)) {
    if (const auto* request = std::get_if<Request>(&message.body)) hear(from, *request, now);
    return;
  }
  if (from.id == options_.self.id || !members().contains(from.id))
    return refuse(from.id, Refusal::kUnknownPeer);
  // Of a newcomer that is no guest here any more; a member has no use for blocks.
  if (std::holds_alternative<Request>(message.body)) return;
  if (!is_living(from.id) || !recognises(from)) return hear_obituary(message, now);

  membership_.heard(from.id, now);
  unanswered_.erase(from.id);
  std::visit([&](const auto& said) { hear(from, said, now); }, message.body);
}

void Exchange::hear(const Sender& from, const Parcel& parcel, runtime::Instant now) {
  if (parcel.recipient != options_.self.incarnation) {
    // Meant for a former life of this peer: whoever sent it has taken it back since.
    if (parcel.recipient != 0) return refuse(from.id, Refusal::kFromTheDead);
    // So may be what names none, where this is not the first: it comes again once its sender has
    // heard which this is.
    if (options_.self.incarnation > 1) {
      ++traffic_.parcels_deferred;
      return talk(from.id).want_heartbeat();
    }
  }
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
      if (!unacknowledged_.contains({from.id, parcel.sequence})) break;
      return tell_of_arrival(from.id, parcel);
    case InEdge::Verdict::kNew:
      if (parcel.kind != ParcelKind::kRequest) requests_.heard_mass(from.id);
      if (parcel.kind != ParcelKind::kRequest || !requests_.add(from.id, parcel))
        inbox_.add(from.id, parcel);
      membership_.heard_round(from.id, parcel.round);
      ++traffic_.parcels_received;
      standing_.parcel_came(now);
      for (const SharedNote& note : parcel.notes) unread_notes_.emplace(parcel.round, note);
      if (options_.keep_heard) unfolded_.emplace(Key{from.id, parcel.sequence}, parcel);
      if (options_.acknowledge == Acknowledge::kArrived) break;
      if (options_.acknowledge == Acknowledge::kPushed && parcel.round < rounds_pushed_) break;
      unacknowledged_.emplace(Key{from.id, parcel.sequence}, parcel.round);
      return tell_of_arrival(from.id, parcel);
  }
  talk(from.id).want_acknowledged(parcel.sequence, sketch_);
}

// Of each sender one push at a time: what comes while the trainer has not come by for the one
// before stays its sender's.
void Exchange::tell_of_arrival(runtime::PeerId from, const Parcel& parcel) {
  if (options_.acknowledge != Acknowledge::kFolded) return;
  const auto oldest = unacknowledged_.lower_bound({from, 0});
  if (oldest->second >= parcel.round) talk(from).want_arrival_known(parcel.sequence);
}

void Exchange::begin_fold(std::uint64_t round) {
  if (options_.acknowledge == Acknowledge::kFolded) acknowledge_before(round);
  note_heard_before(round);
  read_notes_before(round);
  if (layout_->companions() > 0) {
    const std::uint64_t gone = members().all().size() - members().living().size();
    inbox_.begin_era(std::max(gone, inbox_.latest_era(round)));
  }
  requests_.folded();
}

std::optional<runtime::PeerId> Exchange::next_request() const {
  return requests_.next([this](runtime::PeerId asker) { return has_room(asker); });
}

void Exchange::admit_request(runtime::PeerId from) {
  for (const Parcel& parcel : requests_.take(from)) inbox_.add(from, parcel);
}

void Exchange::close_inbox() {
  inbox_open_ = false;
  for (const runtime::PeerId asker : requests_.askers()) admit_request(asker);
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
    List<Parcel>& parcels = heard_[unfolded.first.first].parcels;
    parcels.resize(layout_->block_count());
    parcels[parcel.block] = parcel;
    return true;
  });
}

void Exchange::read_notes_before(std::uint64_t round) {
  std::erase_if(unread_notes_, [&](const auto& unread) {
    const auto& [parcel_round, note] = unread;
    if (waits_for_round(parcel_round, round)) return false;
    if (is_living(note->about)) notes_.hear(note);  // what it says of itself it knows better
    return true;
  });
}

void Exchange::hear(const Sender& from, const Acknowledgement& acknowledgement,
                    runtime::Instant /*now*/) {
  if (acknowledgement.incarnation != options_.self.incarnation) return;  // of our former self
  OutEdge& edge = lane(from.id).out();
  for (const std::uint64_t sequence : acknowledgement.sequences) {
    const auto done =
        acknowledgement.folded ? edge.acknowledge(sequence) : edge.arrived(sequence, ticked_at_);
    const std::uint64_t round = said_.progress.round;
    if (!done) continue;
    const runtime::Duration span = ticked_at_ - std::min(ticked_at_, done->sent_at);
    if (done->repeated)
      resend_timer_.came_late(span);
    else
      resend_timer_.arrived_after(span);
    if (done->whole_push) push_window_.acknowledged(from.id, round - std::min(round, done->round));
  }
  if (acknowledgement.sketch) heard_[from.id].sketch = acknowledgement.sketch;
}

void Exchange::greet(runtime::PeerId peer) {
  unanswered_.insert(peer);
  talk(peer).want_hello();
}

void Exchange::hear(const Sender& from, const Heartbeat& heartbeat, runtime::Instant now) {
  membership_.heard(from.id, heartbeat.progress, now);
  membership_.hear(from.id, heartbeat.probe, now);
  note_round_trips(now);
  for (const Rumour& rumour : heartbeat.rumours) {
    membership_.hear(rumour, now);
    // Who tells of a former life of ours may not have heard of this one: what it says to us it may
    // still say to that one, and so is no answer to our hello.
    const bool of_former_self =
        rumour.about == options_.self.id && rumour.incarnation < options_.self.incarnation;
    if (of_former_self && said_.hello.ready) greet(from.id);
  }
  follow_membership();
  // Somebody has missed news; both sides tell each other whom they know. Not with everybody at once
  // where news is still on its way.
  if (heartbeat.roster == said().roster || now < roster_at_) return;
  const auto scale = static_cast<runtime::Duration::rep>(1 + members().living().size() / 32);
  roster_at_ = now + scale * kRosterInterval;
  talk(from.id).want_roster();
}

void Exchange::hear(const Sender& from, const Goodbye& /*goodbye*/, runtime::Instant /*now*/) {
  membership_.left(from.id);
  part_from(from.id, MemberState::kLeft, "said goodbye");
}

void Exchange::part_from(runtime::PeerId peer, MemberState state, std::string reason) {
  heard_.erase(peer);
  notes_.forget(peer);
  figures_.erase(peer);
  frozen_.erase(peer);
  unanswered_.erase(peer);
  requests_.part_from(peer);
  admit_request(peer);
  partings_.push_back(peer);
  said_stale_ = true;
  if (state == MemberState::kDead)
    standing_.died(members().living().size() - 1, membership_.span_of_deaths(), ticked_at_);
  MemberEvent event = event_of(peer, state, std::move(reason));
  push_window_.forget(peer);
  if (view_) view_->lost(peer);
  for (const Parcel& parcel : lane(peer).close()) {
    inbox_.take_back(options_.decoder == nullptr ? parcel : options_.decoder->decoded(parcel));
    event.mass_taken_back += parcel.mass();
  }
  events_.emplace_back(event);
  if (options_.watched) look_around(ticked_at_);  // before what follows can end the run
}

bool Exchange::turns_away(runtime::PeerId from, runtime::Instant now) {
  const bool shut_out = shut_out_.contains(from, ticked_at_);
  if (!shut_out && !rate_limit_.exceeded_by(from, now)) return false;
  refuse(from, shut_out ? Refusal::kShutOut : Refusal::kTooOften);
  return true;
}

void Exchange::refuse(runtime::PeerId from, Refusal reason) {
  ++traffic_.messages_refused;
  if (is_offence(reason) && shut_out_.offended(from, ticked_at_))
    refusals_.erase({from, Refusal::kShutOut});  // said again each time
  if (!members().contains(from) && !strangers_.contains(from)) {
    if (strangers_.size() == kStrangersMax) return;
    strangers_.insert(from);
  }
  const std::uint64_t count = ++refusals_[{from, reason}];
  if (std::has_single_bit(count))
    events_.emplace_back(RefusalEvent{.peer = from, .reason = reason, .count = count});
}

void Exchange::tick(runtime::Instant now) {
  ticked_at_ = std::max(ticked_at_, now);
  membership_.tick(now);
  follow_membership();
  for (const runtime::PeerId guest : guests_.tick(now)) partings_.push_back(guest);
  if (now >= knock_at_) knock(now);
  if (view_) keep_view(now);
  if (options_.watched && now >= look_at_) look_around(now);
  if (now < repeat_at_) return;
  repeat_at_ = now + kRepeatInterval;
  repeat_what_must_arrive();
}

// At the end everybody waits for everybody's phase, so it must not be lost; and a newcomer's hello
// is said until it is answered.
void Exchange::repeat_what_must_arrive() {
  if (said_.progress.phase != Phase::kTraining &&
      options_.probe_interval > runtime::Duration::zero())
    want_heartbeats();
  for (const runtime::PeerId peer : unanswered_) talk(peer).want_hello();
}

runtime::Instant Exchange::next_tick() const {
  runtime::Instant next = std::min(membership_.next_tick(), ticked_at_ + kRepeatInterval);
  for (const auto& [peer, lane] : talking_)
    if (const auto resend_at = lane->out().resend_at(ticked_at_)) next = std::min(next, *resend_at);
  return next;
}

const std::vector<runtime::Frame>* Exchange::next(runtime::PeerId to, runtime::Channel channel,
                                                  runtime::Instant now) {
  if (guests_.contains(to)) return guests_.next(options_.self, to, channel);
  if (!is_living(to)) {
    const auto knock = channel == runtime::Channel::kControl ? knocks_.find(to) : knocks_.end();
    return knock == knocks_.end() ? nullptr : &knock->second.front();
  }
  Lane& lane = this->lane(to);
  return channel == runtime::Channel::kBulk ? lane.next_bulk(options_.self, now)
                                            : lane.next_control(options_.self, said(), [this, to] {
                                                return membership_.rumours_for(to);
                                              });
}

void Exchange::sent(runtime::PeerId to, runtime::Channel channel, runtime::Instant now) {
  if (guests_.contains(to)) return note_sent(to, guests_.sent(to, channel), now);
  if (const auto knock = knocks_.find(to); knock != knocks_.end()) {
    knock->second.pop_front();
    if (knock->second.empty()) knocks_.erase(knock);
    return;
  }
  CHECK(is_living(to));
  Lane& lane = this->lane(to);
  if (channel == runtime::Channel::kControl) return note_sent(to, lane.control_sent(), now);
  const Lane::BulkSent sent = lane.bulk_sent(now);
  note_sent(to, sent.bytes, now);
  ++(sent.first_time ? traffic_.parcels_sent : traffic_.parcels_resent);
}

double Exchange::mass_waiting() const { return inbox_.weight() + requests_.weight(); }

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

std::vector<Event> Exchange::take_events() {
  for (const Clipping::Count& news : clipping_.take_news())
    events_.emplace_back(ClipEvent{.peer = news.from, .count = news.count});
  return std::exchange(events_, {});
}

}  // namespace gossip
