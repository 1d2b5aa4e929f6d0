// The part of Exchange that says how this peer stands, and what passes on its edges.
#include <algorithm>

#include "gossip/exchange.h"
#include "runtime/address.h"

namespace gossip {

EdgeFigures* Exchange::figures_of(runtime::PeerId peer, runtime::Instant now) {
  if (!options_.watched || !is_living(peer)) return nullptr;
  return &figures_.try_emplace(peer, now).first->second;
}

void Exchange::note_sent(runtime::PeerId to, std::size_t bytes, runtime::Instant now) {
  traffic_.bytes_sent += bytes;
  if (EdgeFigures* figures = figures_of(to, now))
    figures->bytes_sent.add(static_cast<double>(bytes), now);
}

void Exchange::note_received(const Message& message, std::size_t bytes, runtime::Instant now) {
  traffic_.bytes_received += bytes;
  EdgeFigures* figures = figures_of(message.from.id, now);
  if (figures == nullptr) return;
  figures->bytes_received.add(static_cast<double>(bytes), now);
  const auto* parcel = std::get_if<Parcel>(&message.body);
  if (parcel == nullptr) return;
  const std::uint64_t own = said_.progress.round;
  figures->age_rounds.add(own > parcel->round ? static_cast<double>(own - parcel->round) : 0.0);
}

void Exchange::note_round_trips(runtime::Instant now) {
  for (const RoundTrip& trip : membership_.take_round_trips())
    if (EdgeFigures* figures = figures_of(trip.peer, now))
      figures->round_trip_seconds.add(runtime::to_seconds(trip.span));
}

// At the end others leave because they are done: what the standing was before is what holds.
void Exchange::look_around(runtime::Instant now) {
  constexpr runtime::Duration kLookEvery{500'000'000};
  look_at_ = now + kLookEvery;
  if (said_.progress.phase >= Phase::kDraining) return;
  look_for_frozen(now);
  StandingWatch::Sight sight{.others = members().living().size() - 1,
                             .own_round = said_.progress.round};
  for (const runtime::PeerId peer : members().living())
    if (peer != options_.self.id) sight.others_rounds += members().progress(peer).round;
  const Standing before = standing_.standing();
  const double seconds = standing_.seconds_in(before, now);
  if (standing_.look(sight, now))
    events_.emplace_back(StandingEvent{standing_.standing(), standing_.reason(), before, seconds});
}

void Exchange::note_diverged() {
  standing_.diverged();
  look_around(ticked_at_);
}

bool Exchange::stands_still(runtime::PeerId peer, runtime::Instant now) const {
  constexpr double kSteps = 50.0;
  const Progress progress = members().progress(peer);
  if (progress.phase != Phase::kTraining || progress.step_seconds == 0.0) return false;
  const runtime::Duration still = now - members().moved_at(peer);
  return still > options_.frozen_after &&
         runtime::to_seconds(still) > kSteps * progress.step_seconds;
}

void Exchange::look_for_frozen(runtime::Instant now) {
  if (options_.frozen_after == runtime::Duration::zero()) return;
  for (const runtime::PeerId peer : members().living()) {
    if (peer == options_.self.id) continue;
    const bool frozen = stands_still(peer, now);
    if (frozen == frozen_.contains(peer)) continue;
    if (frozen)
      frozen_.insert(peer);
    else
      frozen_.erase(peer);
    events_.emplace_back(FrozenEvent{peer, name_of(peer), frozen, members().progress(peer).step});
  }
}

std::size_t Exchange::living_here() const {
  const std::string& here = contact_of(options_.self.id)->address.control;
  const auto is_here = [&](runtime::PeerId peer) {
    const Contact* const contact = contact_of(peer);
    return peer == options_.self.id ||
           (contact != nullptr && runtime::are_on_one_machine(here, contact->address.control));
  };
  return static_cast<std::size_t>(std::ranges::count_if(members().living(), is_here));
}

EdgeReport Exchange::edge_report(runtime::PeerId peer, runtime::Instant now) const {
  EdgeReport report;
  if (const auto lane = lanes_.find(peer); lane != lanes_.end())
    report.parcels_in_flight = lane->second.out().in_flight();
  for (const auto& [key, count] : refusals_)
    if (key.first == peer) report.refused += count;
  report.clipped = clipping_.count(peer);
  const auto found = figures_.find(peer);
  if (found == figures_.end()) return report;
  const EdgeFigures& figures = found->second;
  report.bytes_sent_per_second = figures.bytes_sent.per_second(now);
  report.bytes_received_per_second = figures.bytes_received.per_second(now);
  report.age_rounds_p50 = figures.age_rounds.quantile(0.50);
  report.age_rounds_p99 = figures.age_rounds.quantile(0.99);
  report.round_trip_seconds_p50 = figures.round_trip_seconds.quantile(0.50);
  report.round_trip_seconds_p99 = figures.round_trip_seconds.quantile(0.99);
  return report;
}

std::vector<MemberReport> Exchange::member_reports(runtime::Instant now) const {
  std::vector<runtime::PeerId> order(members().all().begin(), members().all().end());
  std::erase(order, options_.self.id);
  const auto gone = [this](runtime::PeerId peer) { return !is_living(peer); };
  std::ranges::stable_sort(order, {}, gone);
  if (order.size() > kReportedMax) order.erase(order.begin() + kReportedMax, order.end());
  std::vector<MemberReport> reports;
  for (const runtime::PeerId peer : order) {
    reports.push_back({.id = peer,
                       .incarnation = membership_.incarnation_of(peer).value_or(0),
                       .name = name_of(peer),
                       .state = members().state(peer),
                       .progress = members().progress(peer),
                       .frozen = frozen_.contains(peer),
                       .silent_seconds = runtime::to_seconds(now - members().heard_at(peer)),
                       .edge = edge_report(peer, now)});
  }
  return reports;
}

}  // namespace gossip
