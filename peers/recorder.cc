#include "peers/recorder.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "peers/report_json.h"

namespace peers {
namespace {

constexpr runtime::Duration kProgressEvery{1'000'000'000};
// Longer than anybody who trains makes the others wait: who it is, is told then and whenever it has
// lasted twice as long.
constexpr runtime::Duration kLongWait{5'000'000'000};

// For a state that nobody should overlook.
std::string upper_case(std::string_view word) {
  std::string upper(word);
  for (char& letter : upper)
    if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
  return upper;
}

// 0 stands for what is not known: written as null.
double known(double value) {
  return value > 0.0 ? value : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

Recorder::Recorder(Parts parts, runtime::Instant now)
    : parts_(std::move(parts)),
      progress_at_(now),
      progress_worth_(parts_.assembly->peer().steps_worth()),
      evaluated_epochs_(static_cast<std::uint64_t>(epoch(progress_worth_))) {}

double Recorder::epoch(double steps_worth) const {
  const double per_epoch = parts_.assembly->steps_per_epoch();
  return per_epoch > 0.0 ? steps_worth / per_epoch : 0.0;
}

void Recorder::after_step(Peer& peer, double /*loss*/, runtime::Instant /*now*/) {
  const Objective& objective = parts_.assembly->objective();
  if (objective.next_task() != objective.task()) return evaluate(peer);  // what it came to
  if (parts_.evaluate_every == 0 || parts_.assembly->steps_per_epoch() <= 0.0) return;
  const auto epochs = static_cast<std::uint64_t>(epoch(peer.steps_worth()));
  // The last epoch is judged after everybody has settled, on what the peer ends with.
  if (epochs < evaluated_epochs_ + parts_.evaluate_every ||
      peer.steps_behind() >= parts_.assembly->steps())
    return;
  evaluated_epochs_ = epochs;
  evaluate(peer);
}

void Recorder::evaluate(Peer& peer) {
  last_quality_ = parts_.assembly->objective().evaluate(peer.estimate());
  if (!last_quality_) return;
  if (const std::string warning = learning_.note(*last_quality_); !warning.empty())
    parts_.log->warn("step {}: {}", peer.step(), warning);
  parts_.metrics->write(parts_.clock->now(), "evaluate",
                        {{"step", peer.step()},
                         {"epoch", epoch(peer.steps_worth())},
                         {"task", parts_.assembly->objective().task()},
                         {"test_loss", last_quality_->loss},
                         {"test_accuracy", last_quality_->accuracy}});
}

void Recorder::now_and_then(Peer& peer, runtime::Instant now) {
  write_events(peer, now);
  parts_.now_and_then(peer, now);
  if (now - progress_at_ >= kProgressEvery) write_progress(peer, now);
}

void Recorder::waits(const Peer& peer, runtime::Duration so_far) {
  if (so_far < wait_mentioned_) wait_mentioned_ = {};  // it is another
  if (so_far < std::max(kLongWait, 2 * wait_mentioned_)) return;
  wait_mentioned_ = so_far;
  std::vector<std::string> whom;
  for (const Peer::Awaited& awaited : peer.awaited())
    whom.push_back(fmt::format("{} (at round {})", parts_.name_of(awaited.peer), awaited.round));
  if (whom.empty()) return;  // the round may begin by now
  parts_.log->warn("at round {}: waits since {:.0f} s for {}", peer.round(),
                   runtime::to_seconds(so_far), fmt::join(whom, ", "));
}

void Recorder::before_leaving(Peer& peer) { parts_.keep_estimate(peer); }

void Recorder::write_progress(Peer& peer, runtime::Instant now) {
  const PeerStatus status = peer.status();
  const double seconds = runtime::to_seconds(now - progress_at_);
  const double samples =
      (status.steps_worth - progress_worth_) * static_cast<double>(parts_.assembly->first_batch());
  const double rate = seconds > 0.0 ? samples / seconds : 0.0;
  progress_at_ = now;
  progress_worth_ = status.steps_worth;
  peer.note_rate(epoch(status.steps_worth), rate);
  const std::string edges_now = edges(peer, now);
  const std::string noise_now = to_json(status.noise).dump();
  parts_.metrics->write(now, "progress",
                        {{"step", status.step},
                         {"epoch", epoch(status.steps_worth)},
                         {"loss", status.loss},
                         {"learning_rate", status.learning_rate},
                         {"batch", status.batch},
                         {"samples_per_second", rate},
                         {"weight", status.weight},
                         {"members", status.members},
                         {"state", gossip::to_string(status.standing)},
                         {"bytes_sent", status.traffic.bytes_sent},
                         {"bytes_received", status.traffic.bytes_received},
                         {"parcels_sent", status.traffic.parcels_sent},
                         {"parcels_received", status.traffic.parcels_received},
                         {"parcels_skipped", status.parcels_skipped},
                         {"blocked_seconds", status.blocked_seconds},
                         {"age_rounds_p50", status.age_rounds_p50},
                         {"age_rounds_p99", status.age_rounds_p99},
                         {"update_diversity", known(status.update_diversity)},
                         {"noise", runtime::JsonText{noise_now}},
                         {"edges", runtime::JsonText{edges_now}}});
}

// JSON: an object a living member.
std::string Recorder::edges(const Peer& peer, runtime::Instant now) const {
  nlohmann::ordered_json edges = nlohmann::ordered_json::array();
  for (const gossip::MemberReport& member : peer.member_reports(now)) {
    if (member.state > gossip::MemberState::kSuspect) break;  // the living come first
    nlohmann::ordered_json edge = {{"peer", name_of(member.id, member.name)}};
    edge.update(to_json(member.edge));
    edges.push_back(std::move(edge));
  }
  // A name comes from its owner, and need not be text.
  return edges.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

void Recorder::write_events(Peer& peer, runtime::Instant now) {
  for (const gossip::Event& event : peer.take_events())
    std::visit([&](const auto& said) { write(said, now); }, event);
}

std::string Recorder::name_of(runtime::PeerId peer, const std::string& name) const {
  return name.empty() ? parts_.name_of(peer) : name;
}

void Recorder::write(const gossip::MemberEvent& member, runtime::Instant now) {
  const std::string name = name_of(member.peer, member.name);
  parts_.metrics->write(now, "member",
                        {{"peer", name},
                         {"state", gossip::to_string(member.state)},
                         {"incarnation", member.incarnation},
                         {"reason", member.reason},
                         {"weight_taken_back", member.mass_taken_back}});
  if (member.state == gossip::MemberState::kDead) {
    parts_.log->warn("{} is dead ({}); took back a weight of {:.4f} that was under way", name,
                     member.reason, member.mass_taken_back);
  }
}

void Recorder::write(const gossip::FrozenEvent& member, runtime::Instant now) {
  const std::string name = name_of(member.peer, member.name);
  const std::string reason =
      fmt::format("{} step {}", member.frozen ? "stays at" : "goes on from", member.step);
  parts_.metrics->write(
      now, "member",
      {{"peer", name}, {"state", member.frozen ? "frozen" : "alive"}, {"reason", reason}});
  if (member.frozen) parts_.log->warn("{} answers, but is FROZEN: it {}", name, reason);
}

void Recorder::write(const gossip::RefusalEvent& refusal, runtime::Instant now) {
  const std::string name = parts_.name_of(refusal.peer);
  const std::string_view reason = gossip::to_string(refusal.reason);
  parts_.metrics->write(now, "refused",
                        {{"peer", name}, {"reason", reason}, {"count", refusal.count}});
  if (refusal.count == 1) parts_.log->warn("refused a message of {}: {}", name, reason);
}

void Recorder::write(const gossip::ClipEvent& clip, runtime::Instant now) {
  const std::string name = parts_.name_of(clip.peer);
  parts_.metrics->write(now, "clipped", {{"peer", name}, {"count", clip.count}});
  if (clip.count == 1)
    parts_.log->info("clipped a parcel of {}: it is far from what is here", name);
}

void Recorder::write(const gossip::StandingEvent& standing, runtime::Instant now) {
  const std::string_view state = gossip::to_string(standing.standing);
  parts_.metrics->write(now, "standing", {{"state", state}, {"reason", standing.reason}});
  if (standing.standing != gossip::Standing::kFine)
    parts_.log->warn("{}: {}", upper_case(state), standing.reason);
  else
    parts_.log->info("no longer {}, after {:.1f} s of it in all",
                     gossip::to_string(standing.before), standing.before_seconds);
}

}  // namespace peers
