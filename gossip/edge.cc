#include "gossip/edge.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "runtime/check.h"

namespace gossip {

OutEdge::OutEdge(const Options& options, const BlockLayout& layout)
    : options_(options), layout_(&layout) {
  CHECK(options.pushes_in_flight_max > 0);
  CHECK(options.resend_after > runtime::Duration::zero());
}

bool OutEdge::has_room(runtime::Instant now) const {
  const auto open = std::ranges::count_if(pushes_, [now](const auto& p) { return p.until > now; });
  return static_cast<std::size_t>(open) < options_.pushes_in_flight_max;
}

void OutEdge::push(const Push& push, runtime::Instant now, runtime::Duration wait) {
  const runtime::Duration first = std::max(wait, options_.resend_after);
  const Snapshot& snapshot = *push.snapshot;
  CHECK(push.block_shares.empty() || push.block_shares.size() == push.blocks.size());
  for (std::size_t i = 0; i < push.blocks.size(); ++i) {
    const std::uint32_t block = push.blocks[i];
    const double share = push.block_shares.empty() ? push.share : push.block_shares[i];
    CHECK(share > 0.0 && share <= 1.0);
    flights_.push_back({.parcel = {.round = push.round,
                                   .block = block,
                                   .sequence = next_sequence_++,
                                   .share = share,
                                   .weight = snapshot.weights[block],
                                   .checksum = snapshot.checksums[block],
                                   .kind = push.asks ? ParcelKind::kRequest : snapshot.kind,
                                   .codec = snapshot.codec,
                                   .payload = snapshot.payload(block, *layout_),
                                   .era = push.era},
                        .push_index = next_push_,
                        .pushed_at = now,
                        .wait = std::min(first, options_.resend_after_max)});
    if (!snapshot.said.empty()) flights_.back().parcel.said = snapshot.said[block];
    if (i == 0) flights_.back().parcel.notes = push.notes;
  }
  if (!push.blocks.empty()) pushes_.push_back({.index = next_push_, .parcels = push.blocks.size()});
  ++next_push_;
}

OutEdge::Flights::iterator OutEdge::find(std::uint64_t sequence) {
  const auto found = std::lower_bound(
      flights_.begin(), flights_.end(), sequence,
      [](const Flight& flight, std::uint64_t wanted) { return flight.parcel.sequence < wanted; });
  if (found == flights_.end() || found->parcel.sequence != sequence) return flights_.end();
  return found;
}

std::optional<std::uint64_t> OutEdge::first_due(runtime::Instant now) {
  // Those not sent yet are the last ones: older ones always went first.
  const auto unsent = std::partition_point(
      flights_.begin(), flights_.end(), [](const Flight& flight) { return flight.times_sent > 0; });
  if (resend_from_ <= now) {
    resend_from_ = runtime::Instant::max();
    for (auto flight = flights_.begin(); flight != unsent; ++flight) {
      resend_from_ = std::min(resend_from_, flight->due);
      if (flight->due <= now) return flight->parcel.sequence;
    }
  }
  if (unsent == flights_.end()) return std::nullopt;
  // All below the oldest in flight have arrived, so the receiver's window starts there or later.
  const std::uint64_t ahead = unsent->parcel.sequence - flights_.front().parcel.sequence;
  if (ahead >= InEdge::kWindow) return std::nullopt;
  return unsent->parcel.sequence;
}

const Parcel* OutEdge::next(runtime::Instant now) {
  if (!offered_) offered_ = first_due(now);
  return offered_ ? &find(*offered_)->parcel : nullptr;
}

OutEdge::Flight& OutEdge::offered() {
  CHECK(offered_.has_value());
  return *find(*offered_);
}

bool OutEdge::repeats() { return offered().times_sent > 0; }

bool OutEdge::sent(runtime::Instant now) {
  Flight& flight = offered();
  offered_.reset();
  flight.due = now + flight.wait;
  resend_from_ = std::min(resend_from_, flight.due);
  flight.wait = std::min(2 * flight.wait, options_.resend_after_max);
  if (++flight.times_sent > 1) return false;
  flight.sent_at = now;
  return true;
}

// Out of flight, whether or not it has been folded.
OutEdge::Acknowledged OutEdge::land(Flights::iterator flight) {
  // Flights of one push lie side by side: the last one of it has no such neighbour.
  const std::uint64_t push = flight->push_index;
  const bool before = flight != flights_.begin() && std::prev(flight)->push_index == push;
  const bool after = std::next(flight) != flights_.end() && std::next(flight)->push_index == push;
  const Acknowledged landed{.round = flight->parcel.round,
                            .whole_push = !before && !after,
                            .sent_at = flight->sent_at,
                            .repeated = flight->times_sent > 1};
  if (offered_ == flight->parcel.sequence) offered_.reset();
  flights_.erase(flight);
  return landed;
}

std::optional<OutEdge::Acknowledged> OutEdge::arrived(std::uint64_t sequence,
                                                      runtime::Instant now) {
  const auto found = find(sequence);
  if (found == flights_.end()) return std::nullopt;
  close_overdue(now);
  const std::uint64_t push = found->push_index;
  unfolded_.push_back({sequence, push});
  const Acknowledged landed = land(found);
  // What says that it has been folded is not repeated. Where it is lost, the room comes back.
  if (landed.whole_push)
    std::ranges::find(pushes_, push, &OpenPush::index)->until = now + options_.resend_after_max;
  return landed;
}

std::optional<OutEdge::Acknowledged> OutEdge::acknowledge(std::uint64_t sequence) {
  if (const auto found = find(sequence); found != flights_.end()) {
    const std::uint64_t push = found->push_index;
    const Acknowledged landed = land(found);
    // Where all others have arrived, word of those that is still missing may be lost.
    if (landed.whole_push)
      close(push);
    else
      fold(push);
    return landed;
  }
  if (const auto found = std::ranges::find(unfolded_, sequence, &Unfolded::sequence);
      found != unfolded_.end()) {
    fold(found->push_index);
    unfolded_.erase(found);
  }
  return std::nullopt;
}

void OutEdge::fold(std::uint64_t push_index) {
  const auto push = std::ranges::find(pushes_, push_index, &OpenPush::index);
  if (push != pushes_.end() && --push->parcels == 0) pushes_.erase(push);
}

void OutEdge::close(std::uint64_t push_index) {
  std::erase_if(unfolded_, [&](const auto& parcel) { return parcel.push_index == push_index; });
  std::erase_if(pushes_, [&](const OpenPush& push) { return push.index == push_index; });
}

void OutEdge::close_overdue(runtime::Instant now) {
  const auto is_overdue = [now](const OpenPush& push) { return push.until <= now; };
  for (auto push = std::ranges::find_if(pushes_, is_overdue); push != pushes_.end();
       push = std::ranges::find_if(pushes_, is_overdue))
    close(push->index);
}

void OutEdge::hurry() {
  options_.resend_after_max = std::min(options_.resend_after, options_.resend_after_max);
  for (Flight& flight : flights_) flight.wait = std::min(flight.wait, options_.resend_after_max);
}

std::vector<Parcel> OutEdge::take_back() {
  std::vector<Parcel> parcels;
  parcels.reserve(flights_.size());
  for (Flight& flight : flights_) parcels.push_back(std::move(flight.parcel));
  flights_.clear();
  unfolded_.clear();
  pushes_.clear();
  offered_.reset();
  return parcels;
}

std::size_t OutEdge::in_flight() const { return flights_.size(); }

void OutEdge::add_rounds_to(std::pmr::set<std::uint64_t>& rounds) const {
  for (const Flight& flight : flights_) rounds.insert(flight.parcel.round);
}

std::optional<OutEdge::Oldest> OutEdge::oldest() const {
  if (flights_.empty()) return std::nullopt;
  return Oldest{.round = flights_.front().parcel.round, .pushed_at = flights_.front().pushed_at};
}

double OutEdge::mass_in_flight() const {
  double mass = 0.0;
  for (const Flight& flight : flights_) mass += flight.parcel.mass();
  return mass;
}

std::optional<runtime::Instant> OutEdge::resend_at(runtime::Instant after) const {
  std::optional<runtime::Instant> first;
  for (const Flight& flight : flights_) {
    if (flight.times_sent == 0 || flight.due <= after) continue;
    if (!first || flight.due < *first) first = flight.due;
  }
  return first;
}

bool InEdge::has_seen(std::uint64_t incarnation, std::uint64_t sequence) const {
  if (incarnation != incarnation_) return incarnation < incarnation_;
  return sequence < oldest_missing_ || seen_above_.contains(sequence);
}

InEdge::Verdict InEdge::book(std::uint64_t incarnation, std::uint64_t sequence) {
  if (has_seen(incarnation, sequence)) return Verdict::kSeen;
  if (incarnation > incarnation_) *this = InEdge{};
  incarnation_ = incarnation;
  if (sequence - oldest_missing_ >= kWindow) return Verdict::kOutOfWindow;
  if (sequence == oldest_missing_)
    ++oldest_missing_;  // as nearly all do
  else
    seen_above_.insert(sequence);
  while (seen_above_.erase(oldest_missing_) > 0) ++oldest_missing_;
  return Verdict::kNew;
}

}  // namespace gossip
