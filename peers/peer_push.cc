// The part of Peer that pushes: which blocks, to whom, how much of each.
#include <algorithm>
#include <memory>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "peers/peer.h"
#include "runtime/random.h"

namespace peers {

using gossip::Phase;

namespace {

// Of an answer; what was asked with, too: uniform weights, one receiver.
constexpr double kHalf = 0.5;

}  // namespace

gossip::List<std::uint32_t> Peer::pushable_blocks() const {
  gossip::List<std::uint32_t> blocks = choice_.blocks(round_, &lists_);
  // Rounds in step bound w by themselves, as pairs do, and both must be whole.
  if (options_.pace != Pace::kSync && !averages_pairs())
    std::erase_if(blocks, [this](std::uint32_t block) {
      return mass_.weight(block) < options_.weight_floor;
    });
  return blocks;
}

// Everything that the network's thread may change is read here, under the lock.
Peer::Recipients Peer::recipients(bool anything_to_push) const {
  Recipients to(&lists_);
  to.asks = averages_pairs();
  const std::scoped_lock lock(mutex_);
  const gossip::Graph graph = protocol_->graph(round_);
  const std::span<const runtime::PeerId> members = mixing_members(*graph.topology);
  to.peers = graph.topology->out_neighbours(choice_.graph_round(round_), members, options_.self.id,
                                            &lists_);
  // In step, rounds bound what is under way by themselves, and none may be left out.
  const bool may_push = anything_to_push && !exchange_->awaits_answer() &&
                        (options_.pace == Pace::kSync || exchange_->may_push(round_));
  for (const runtime::PeerId peer : to.peers)
    to.room.push_back(may_push && exchange_->has_room(peer));
  if (parts_.weighting->asks_distances()) {
    to.members.assign(members.begin(), members.end());
    for (const runtime::PeerId peer : to.peers) to.heard.push_back(exchange_->heard(peer, &lists_));
  } else if (to.room_count() > 0) {
    to.shares.push_back(graph.weighting->shares(plan_for(to, members)));
  }
  return to;
}

gossip::PushPlan Peer::plan_for(const Recipients& to,
                                std::span<const runtime::PeerId> members) const {
  return {.round = choice_.graph_round(round_),
          .members = members,
          .self = options_.self.id,
          .receivers = to.peers,
          .topology = protocol_->graph(round_).topology,
          .memory = &lists_};
}

// Shares by distance: one list for all blocks, or one a block. Outside of the lock, since it reads
// whole models.
void Peer::weigh_by_distance(Recipients& to) const {
  gossip::List<gossip::List<double>> squared(&lists_);  // by receiver
  for (const gossip::Heard& heard : to.heard)
    squared.push_back(parts_.distances->squared(heard, &lists_));
  const std::size_t lists =
      parts_.distances->options().per_block ? parts_.layout->block_count() : 1;
  gossip::List<double> of_list(to.peers.size(), &lists_);
  for (std::size_t list = 0; list < lists; ++list) {
    for (std::size_t i = 0; i < of_list.size(); ++i) of_list[i] = squared[i][list];
    gossip::PushPlan plan = plan_for(to, to.members);
    plan.squared_distances = of_list;
    to.shares.push_back(parts_.weighting->shares(plan));
  }
}

// Of what a codec draws: another for every push of every peer.
std::uint64_t Peer::push_seed() const {
  return runtime::mix_bits(runtime::mix_bits(runtime::value_of(options_.self.id)) + round_);
}

bool Peer::push() {
  push_due_ = overlap_ && phase_ == Phase::kTraining;
  return push_due_ ? false : hand_out();
}

// What peers tell each other beside their mass is read before the correction acts on it, and goes
// out with the push that follows.
void Peer::let_correction_see() {
  const auto topic = parts_.correction->topic();
  if (topic) {
    Correction::Heard heard{.notes = {}, .self = options_.self.id};
    std::vector<gossip::SharedNote> notes;
    {
      const std::scoped_lock lock(mutex_);
      notes = exchange_->notes().of(*topic);
      heard.peers = exchange_->members().living().size();
    }
    heard.notes = notes;
    parts_.correction->hear(heard);
  }
  parts_.correction->before_push(mass_);
  if (auto note = parts_.correction->note()) say(*std::move(note));
  const std::scoped_lock lock(mutex_);
  shared_.update_diversity = parts_.correction->diversity();
}

void Peer::say(gossip::Note note) {
  note.about = options_.self.id;
  note.version = round_ + 1;
  const std::scoped_lock lock(mutex_);
  exchange_->say(std::make_shared<const gossip::Note>(std::move(note)));
}

void Peer::tell_of_batches() {
  for (gossip::Note& note : parts_.batches->notes()) say(std::move(note));
}

void Peer::hear_of_batches() {
  if (!parts_.batches->listens()) return;
  gossip::Notes notes;
  std::size_t peers = 0;
  {
    const std::scoped_lock lock(mutex_);
    notes = exchange_->notes();
    peers = exchange_->members().living().size();
  }
  parts_.batches->hear(notes, peers, *parts_.objective);
}

// Steps are behind, and what comes now is mixing.
void Peer::let_parts_see() {
  if (parts_.participation != nullptr && parts_.participation->open()) stretch_period();
  if (parts_.correction != nullptr) let_correction_see();
  if (parts_.batches != nullptr) tell_of_batches();
}

Peer::PlaceInAverage Peer::place_in_average() const {
  if (!options_.averages) return {};
  const std::scoped_lock lock(mutex_);
  const gossip::Topology& topology = *protocol_->graph(round_).topology;
  // Everybody computes the same, as of the graph.
  const auto rounds = topology.rounds_to_average(mixing_members(topology).size());
  if (!rounds || *rounds == 0) return {};
  return {.done = round_ % *rounds, .rounds = *rounds};
}

bool Peer::hand_out() {
  deliver();  // of one push at a time, and edges have room once it is there
  const std::size_t planned = choice_.blocks(round_, &lists_).size();
  const PlaceInAverage place = place_in_average();
  if (place.first()) let_parts_see();
  const gossip::List<std::uint32_t> blocks = pushable_blocks();
  Recipients to = recipients(!blocks.empty());
  const bool by_distance = parts_.weighting->asks_distances();
  if (by_distance) weigh_by_distance(to);
  const std::size_t handed = to.room_count();
  const bool sketched = by_distance && parts_.distances->sketches_on(*parts_.backend);
  // After the shares were taken from the last one: both sides of a distance are as old.
  if (sketched && !parts_.distances->note_own(mass_, *parts_.backend)) {
    diverged_ = true;
    return false;
  }
  if (handed > 0 && pushes_beside(blocks)) {
    hand_beside(to, blocks);
  } else if (handed > 0 || (by_distance && !sketched)) {
    const auto snapshot =
        handed > 0 ? protocol_->offer(mass_, {round_, blocks, push_seed(), delta_.view()})
                   : mass_.snapshot();
    // Distances are between whole models as they are.
    const bool wants_whole = by_distance && !sketched;
    const auto whole = wants_whole && !snapshot->payloads.empty() ? mass_.snapshot() : snapshot;
    if (!snapshot->finite || !whole->finite) {
      diverged_ = true;
      return false;
    }
    if (wants_whole) parts_.distances->note_own(whole);
    hand(to, snapshot, blocks);
  }
  note_own();  // before a step that the others' parcels have no part in
  if (place.last() && std::exchange(step_due_, false)) apply_delta(/*finished=*/true);
  round_open_ = true;
  if (phase_ == Phase::kSettling &&
      (handed > 0 || to.peers.empty() || options_.pace == Pace::kSync))
    ++settled_;
  const std::scoped_lock lock(mutex_);
  exchange_->pushed(round_++,
                    parts_.distances == nullptr ? nullptr : parts_.distances->own_sketch());
  shared_.parcels_skipped += to.peers.size() * planned - handed * blocks.size();
  return handed > 0;
}

template <typename Send>
gossip::List<double> Peer::share_out(const Recipients& to, std::span<const std::uint32_t> blocks,
                                     const Send& send) {
  gossip::List<double> kept(blocks.size(), 1.0, &lists_);
  gossip::List<double> shares(blocks.size(), &lists_);  // of one receiver, a block
  const std::scoped_lock lock(mutex_);
  for (std::size_t i = 0; i < to.peers.size(); ++i) {
    // Who died since is refused by has_room: that share stays.
    if (!to.room[i] || !exchange_->has_room(to.peers[i])) continue;
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      shares[b] = options_.damping * to.shares[to.shares.size() == 1 ? 0 : blocks[b]][i];
      kept[b] -= shares[b];
    }
    send(to.peers[i], std::span<const double>(shares));
  }
  return kept;
}

void Peer::hand(const Recipients& to, const std::shared_ptr<const gossip::Snapshot>& snapshot,
                std::span<const std::uint32_t> blocks) {
  const auto kept =
      share_out(to, blocks, [&](runtime::PeerId peer, std::span<const double> shares) {
        exchange_->push({.to = peer,
                         .round = round_,
                         .snapshot = snapshot,
                         .blocks = blocks,
                         .era = era_,
                         .block_shares = shares,
                         .asks = to.asks});
      });
  // Outside of the lock: what a codec sent is decoded again.
  for (std::size_t b = 0; b < blocks.size(); ++b)
    protocol_->keep(mass_, *snapshot, blocks[b], kept[b]);
}

// As numbers, few blocks of many are copied one by one.
bool Peer::pushes_beside(std::span<const std::uint32_t> blocks) const {
  return copies_beside() && (parts_.codec->id() != gossip::CodecId::kF32 ||
                             2 * blocks.size() >= parts_.layout->block_count());
}

void Peer::hand_beside(const Recipients& to, std::span<const std::uint32_t> blocks) {
  auto outgoing =
      std::make_shared<Outgoing>(Outgoing{.snapshot = mass_.begin_snapshot(blocks, push_seed()),
                                          .round = round_,
                                          .era = era_,
                                          .blocks = {blocks.begin(), blocks.end()}});
  const auto kept =
      share_out(to, blocks, [&](runtime::PeerId peer, std::span<const double> shares) {
        outgoing->to.push_back({peer, {shares.begin(), shares.end()}});
      });
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    outgoing->mass += (1.0 - kept[b]) * mass_.weight(blocks[b]);
    mass_.keep(outgoing->snapshot.begun(), blocks[b], kept[b]);
  }
  const std::scoped_lock lock(mutex_);
  outgoing_ = std::move(outgoing);
}

void Peer::deliver() {
  const std::scoped_lock delivering(delivery_);
  std::shared_ptr<Outgoing> outgoing;
  {
    const std::scoped_lock lock(mutex_);
    outgoing = outgoing_;
  }
  if (!outgoing) return;
  const auto snapshot = outgoing->snapshot.finish();
  const std::scoped_lock lock(mutex_);
  outgoing_.reset();
  not_finite_ = not_finite_ || !snapshot->finite;
  if (not_finite_) return;
  for (const auto& [peer, shares] : outgoing->to)
    exchange_->push_or_take_back({.to = peer,
                                  .round = outgoing->round,
                                  .snapshot = snapshot,
                                  .blocks = outgoing->blocks,
                                  .era = outgoing->era,
                                  .block_shares = shares});
}

bool Peer::averages_pairs() const { return parts_.parcels == gossip::ParcelKind::kRequest; }

// One after the other, each before what it sent is folded: both of a pair give half of what they
// had, and an answer is of what the pair before has left.
void Peer::answer_requests() {
  while (!diverged_) {
    std::optional<runtime::PeerId> asker;
    {
      const std::scoped_lock lock(mutex_);
      asker = exchange_->next_request();
    }
    if (!asker) return;
    answer_request(*asker);
    {
      const std::scoped_lock lock(mutex_);
      exchange_->admit_request(*asker);
    }
    fold_before(round_);
    copy_stale_ = true;
  }
}

void Peer::answer_request(runtime::PeerId asker) {
  gossip::List<std::uint32_t> blocks(parts_.layout->block_count(), &lists_);
  std::iota(blocks.begin(), blocks.end(), 0U);
  const std::uint64_t seed = runtime::mix_bits(push_seed() + ++answers_given_);
  const auto snapshot = protocol_->offer(mass_, {round_, blocks, seed, {}});
  if (!snapshot->finite) {
    diverged_ = true;
    return;
  }
  Recipients to(&lists_);
  to.peers.push_back(asker);
  to.room.push_back(true);
  to.shares.emplace_back(1, kHalf);
  hand(to, snapshot, blocks);
}

}  // namespace peers
