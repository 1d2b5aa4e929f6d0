#include "peers/peer.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "runtime/check.h"

namespace peers {
namespace {

using gossip::Phase;

// The first steps of a peer cost many times the later ones; they are not timed.
constexpr std::uint64_t kWarmUpSteps = 5;
// Longer than what keeps a peer from training now and then: an evaluation, a checkpoint.
constexpr runtime::Duration kFrozenAfter{30'000'000'000};

double exponential_mean(double mean, double value, double keep) {
  return keep * mean + (1.0 - keep) * value;
}

std::vector<float> start_f32(const Objective& objective) {
  std::vector<float> start(objective.parameter_count());
  objective.write_start(std::span(start));
  return start;
}

std::vector<double> start_f64(const Objective& objective) {
  std::vector<double> start(objective.parameter_count());
  objective.write_start(std::span(start));
  return start;
}

gossip::Mass start_mass(const PeerParts& parts) {
  const bool is_coded =
      parts.parcels == gossip::ParcelKind::kMass || parts.parcels == gossip::ParcelKind::kRequest;
  const gossip::Codec* const codec = is_coded ? parts.codec : nullptr;
  if (parts.layout->scalar() == kernels::Scalar::kF64) {
    const std::vector<double> start = start_f64(*parts.objective);
    return {*parts.layout, *parts.backend, std::span(start), codec};
  }
  const std::vector<float> start = start_f32(*parts.objective);
  return {*parts.layout, *parts.backend, std::span(start), codec};
}

// Mass is conserved, so no block can weigh more than all peers that ever were together. A crash may
// count some twice: what the dead had passed on, and its sender took back because the
// acknowledgement died too.
double weight_max_of(const gossip::Members& members, bool admits) {
  constexpr double kLeftBefore = 1000.0;  // peers that a newcomer has never heard of
  return 2.0 * (static_cast<double>(members.all().size()) + (admits ? kLeftBefore : 0.0));
}

gossip::ExchangeOptions exchange_options(const PeerOptions& options,
                                         const gossip::Distances* distances,
                                         const gossip::Decoder& decoder,
                                         kernels::Backend& backend) {
  const bool in_step = options.pace == Pace::kSync;
  gossip::ExchangeOptions exchange{
      .self = options.self,
      .contact = options.contact,
      .terms = options.terms,
      .admits = options.admits,
      .reached_by_number = options.reached_by_number,
      .offences_max = options.offences_max,
      .messages_max = options.messages_max,
      .norm_limit = options.norm_limit,
      .norm_action = options.norm_action,
      .order = in_step ? gossip::Inbox::Order::kByRound : gossip::Inbox::Order::kOnArrival,
      .edge = options.edge,
      .decoder = &decoder,
      .acknowledge = in_step ? gossip::Acknowledge::kArrived : gossip::Acknowledge::kFolded,
      .make_memory = [&backend](std::size_t bytes) { return backend.host_memory(bytes); },
      .probe_interval = options.probe_interval,
      .suspicion_multiplier = options.suspicion_multiplier,
      .seed = options.seed,
      .view = options.view,
      .watched = options.watched};
  if (options.pace == Pace::kAsync) exchange.frozen_after = kFrozenAfter;
  if (options.pace == Pace::kBounded)
    exchange.heartbeat_rounds = std::max<std::uint64_t>(1, options.max_lead / 4);
  const auto distance =
      distances == nullptr ? gossip::DistanceOptions::Kind::kNone : distances->options().kind;
  exchange.keep_heard = distance == gossip::DistanceOptions::Kind::kExact;
  if (in_step && distance == gossip::DistanceOptions::Kind::kSketch) {
    // In step the shares of a round must not depend on when a message came: the sketch heard of a
    // receiver is that of the last round in which we pushed to it, and the next push waits for it.
    exchange.acknowledge = gossip::Acknowledge::kPushed;
    exchange.edge.pushes_in_flight_max = 1;
  }
  return exchange;
}

gossip::ProtocolOptions protocol_options(const PeerOptions& options, const PeerParts& parts) {
  return {.parcels = parts.parcels,
          .graph = {parts.topology, parts.weighting},
          .codec = parts.codec,
          .layout = parts.layout,
          .backend = parts.backend,
          .average_every = options.average_every,
          .steps = options.steps,
          .seed = options.seed};
}

}  // namespace

Peer::Peer(const PeerOptions& options, const PeerParts& parts, gossip::Members members,
           runtime::Instant now)
    : options_(options),
      parts_(parts),
      gradient_({parts.objective, parts.regularizers, parts.correction, parts.backend}),
      choice_(options.blocks, parts.layout->block_count()),
      decoder_(*parts.codec, *parts.layout),
      terms_{options.self.fingerprint,
             parts.layout,
             weight_max_of(members, options.admits),
             parts.distances == nullptr ? 0 : parts.distances->sketch_size(),
             &decoder_,
             parts.parcels,
             options.norm_limit > 0.0 && options.norm_action == gossip::NormAction::kRefuse,
             &read_lists_,
             &read_sketches_},
      mass_(start_mass(parts)),
      protocol_(gossip::make_protocol(protocol_options(options, parts))),
      delta_(parts.backend->allocate(parts.layout->parameter_count(), parts.layout->scalar())),
      exchange_(std::make_unique<gossip::Exchange>(
          exchange_options(options, parts.distances, decoder_, *parts.backend), *parts.layout,
          std::move(members), now)) {
  shared_.members = exchange_->members().living().size();
  if (!options_.mix_statistics && parts_.objective->statistic_count() > 0)
    own_statistics_.emplace(parts_.objective->statistic_count(), parts_.layout->scalar(),
                            *parts_.backend);
  begin_own_statistics();
  start_parts();
  note_own();
}

// What a peer starts from, or joins with, is where they begin.
void Peer::start_parts() {
  if (parts_.correction != nullptr) parts_.correction->start(mass_);
  if (parts_.outer != nullptr) parts_.outer->start(estimate().slice(0, learned_count()));
  if (parts_.participation != nullptr) parts_.participation->forget();
}

std::size_t Peer::learned_count() const {
  return parts_.layout->parameter_count() - parts_.objective->statistic_count();
}

std::span<const runtime::PeerId> Peer::mixing_members(const gossip::Topology& topology) const {
  // In step, everybody must compute the same graph even while news of a death travels: the graph
  // stays that of all members and edges to and from the dead are left out, unless that is the graph
  // of the living anyway. Otherwise the sender alone decides, by what it knows now.
  if (topology.of_view()) return exchange_->circle();
  const gossip::Members& members = exchange_->members();
  const bool of_all = options_.pace == Pace::kSync && !topology.induced();
  return of_all ? members.all() : members.living();
}

bool Peer::ready() const {
  return options_.pace == Pace::kAsync || overlapping() || awaited().empty();
}

std::vector<Peer::Awaited> Peer::awaited() const {
  const std::scoped_lock lock(mutex_);
  const gossip::Members& members = exchange_->members();
  std::vector<Awaited> awaited;
  const auto add = [&](runtime::PeerId peer) {
    awaited.push_back({peer, members.progress(peer).round});
  };
  if (options_.pace == Pace::kBounded) {
    const auto slowest = members.slowest_round();
    if (phase_ != Phase::kTraining || !slowest || round_ <= *slowest + options_.max_lead) return {};
    for (const runtime::PeerId peer : members.living())
      if (peer != options_.self.id && members.progress(peer).round == *slowest) add(peer);
    return awaited;
  }
  for (const runtime::PeerId peer : missing()) add(peer);
  if (!awaited.empty()) return awaited;
  for (const runtime::PeerId peer : protocol_->graph(round_).topology->out_neighbours(
           choice_.graph_round(round_), members.all(), options_.self.id, &lists_))
    if (members.is_living(peer) && !exchange_->has_room(peer)) add(peer);
  return awaited;
}

gossip::List<runtime::PeerId> Peer::missing() const {
  if (!round_open_) return gossip::List<runtime::PeerId>(&lists_);
  const std::uint64_t round = round_ - 1;
  const gossip::Members& members = exchange_->members();
  const gossip::List<std::uint32_t> blocks = choice_.blocks(round, &lists_);
  auto senders = protocol_->graph(round).topology->in_neighbours(
      choice_.graph_round(round), members.all(), options_.self.id, &lists_);
  std::erase_if(senders, [&](runtime::PeerId peer) {
    return !members.is_living(peer) ||
           exchange_->inbox().complete(round, std::span(&peer, 1), blocks);
  });
  return senders;
}

// Steps went on from the estimate that was pushed, and what the push brings is not yet folded.
bool Peer::steps_apart() const { return overlap_ && round_open_ && phase_ == Phase::kTraining; }

bool Peer::overlapping() const { return steps_apart() && !push_due_; }

void Peer::mix() {
  if (overlapping()) return;
  answer_requests();
  fold_before(round_, copies_beside() ? Fold::kBeside : Fold::kNow);
  copy_stale_ = true;
  if (round_open_) end_round();
  if (!std::exchange(push_due_, false) || phase_ != Phase::kTraining) return;
  pushed_weights_.clear();
  for (std::uint32_t block = 0; block < parts_.layout->block_count(); ++block)
    pushed_weights_.push_back(mass_.weight(block));
  static_cast<void>(hand_out());
}

void Peer::end_round() {
  round_open_ = false;
  if (averaging()) return;
  const double learning_rate_sum = std::exchange(learning_rate_sum_, 0.0);
  if (parts_.correction != nullptr) parts_.correction->after_mix(mass_, learning_rate_sum);
  if (parts_.outer != nullptr && learning_rate_sum > 0.0) {
    take_outer_step();
    if (parts_.correction != nullptr) parts_.correction->after_outer(mass_);
  }
  if (parts_.batches != nullptr) hear_of_batches();
}

void Peer::take_outer_step() {
  const std::size_t learned = learned_count();
  parts_.outer->step(estimate().slice(0, learned), delta_.view().slice(0, learned));
  move_learned();
}

// By delta_, as far as it is of learned parameters: a move of the estimate, whatever the pace, so x
// moves by as much times the weight.
void Peer::move_learned() {
  const std::size_t learned = learned_count();
  parts_.backend->fill(0.0, delta_.view().slice(learned, delta_.count() - learned));
  for (std::uint32_t block = 0; block < parts_.layout->parameter_blocks(); ++block) {
    const auto [offset, count] = parts_.layout->range(block);
    mass_.add(block, mass_.weight(block), delta_.view().slice(offset, count));
  }
  copy_stale_ = true;
}

kernels::ConstView Peer::estimate() {
  return own_statistics_ || steps_apart() ? estimate_copy() : mass_.estimate();
}

kernels::View Peer::estimate_copy() {
  if (!estimate_copy_)
    estimate_copy_ =
        parts_.backend->allocate(parts_.layout->parameter_count(), parts_.layout->scalar());
  if (std::exchange(copy_stale_, false)) {
    parts_.backend->copy(mass_.estimate(), estimate_copy_->view());
    if (own_statistics_) own_statistics_->replace_end_of(estimate_copy_->view());
  }
  return estimate_copy_->view();
}

// As they are in the mass, which has just begun.
void Peer::begin_own_statistics() {
  if (!own_statistics_) return;
  own_statistics_->begin(mass_.estimate());
}

// Whether this step is others' to take; draws them where a period begins.
bool Peer::sits_out() {
  if (parts_.participation == nullptr) return false;
  if (!parts_.participation->open()) {
    const kernels::ConstView learned = estimate().slice(0, learned_count());
    const std::scoped_lock lock(mutex_);
    parts_.participation->begin(round_, exchange_->members().living(), options_.self.id, learned);
  }
  return !parts_.participation->takes_part();
}

// What was found in the period that ends counts for those, too, who sat it out.
void Peer::stretch_period() {
  const std::size_t learned = learned_count();
  copy_stale_ = true;
  if (parts_.participation->end(estimate().slice(0, learned), delta_.view().slice(0, learned)))
    move_learned();
}

double Peer::compute() {
  CHECK(steps_behind() < options_.steps && !averaging());
  const Plan plan = parts_.schedule->plan(step_, steps_behind());
  learning_rate_ = plan.learning_rate;
  if (parts_.batches != nullptr) learning_rate_ *= parts_.batches->rate_factor();
  push_planned_ = plan.push;
  overlap_ = plan.overlap;
  learning_rate_sum_ += learning_rate_;
  if (sits_out()) {
    ++step_;
    return loss_mean_;
  }
  parts_.objective->next_batch();
  if (parts_.batches != nullptr)
    parts_.batches->before_gradient(step_, *parts_.objective, estimate(), delta_.view());
  for (Regularizer* regularizer : parts_.regularizers) regularizer->begin_step(plan, estimate());
  const double loss = parts_.optimizer->begin(gradient_, estimate(), learning_rate_, delta_.view());
  move_statistics();
  step_due_ = options_.steps_after_push && push_planned_;
  if (step_due_)
    finish_delta(estimate(), 0, delta_.count());
  else
    apply_delta(/*finished=*/false);
  diverged_ = diverged_ || !std::isfinite(loss);
  loss_mean_ = loss_mean_ == 0.0 ? loss : exponential_mean(loss_mean_, loss, 0.98);
  ++step_;
  if (parts_.batches != nullptr) parts_.batches->after_step(step_);
  return loss;
}

// A statistic follows its batches in the estimate, so what x gets is in proportion to the weight,
// also where gradient steps are not.
void Peer::move_statistics() {
  const std::size_t count = parts_.objective->statistic_count();
  if (count == 0) return;
  parts_.objective->move_statistics(estimate(), delta_.view());
  if (own_statistics_) own_statistics_->move(delta_.view());
  if (steps_scaled_by_weight()) return;
  const std::size_t first = learned_count();
  for (std::uint32_t block = 0; block < parts_.layout->parameter_blocks(); ++block) {
    const auto [offset, size] = parts_.layout->range(block);
    const std::size_t begin = std::max(offset, first);
    if (begin >= offset + size) continue;
    parts_.backend->scale(weight_of_estimate(block),
                          delta_.view().slice(begin, offset + size - begin));
  }
}

// The weight by which x is read as the estimate, also while shares of both are away.
double Peer::weight_of_estimate(std::uint32_t block) const {
  return overlapping() ? pushed_weights_[block] : mass_.weight(block);
}

bool Peer::steps_scaled_by_weight() const {
  return options_.pace != Pace::kSync && options_.rate_correction;
}

bool Peer::push_planned() const { return push_planned_; }

void Peer::finish_delta(kernels::ConstView estimate, std::size_t first, std::size_t count) {
  const std::size_t learned = std::min(learned_count(), first + count);
  if (first >= learned) return;
  parts_.optimizer->finish(first, estimate.slice(first, learned - first), learning_rate_,
                           delta_.view().slice(first, learned - first));
}

void Peer::apply_delta(bool finished) {
  const kernels::ConstView begun_at = finished ? kernels::ConstView() : estimate();
  if (!overlapping()) copy_stale_ = true;
  const bool scaled = steps_scaled_by_weight();
  // A peer's weight settles where what it pushes per second equals what it receives: inversely to
  // its rate. Scaled by it, steps move the estimate by the learning rate and no further, and
  // everybody's data moves the sum alike.
  for (gossip::BlockRun blocks; blocks.begin < parts_.layout->parameter_blocks();
       blocks.begin = blocks.end) {
    blocks = mass_.alike(blocks.begin);
    const gossip::BlockRange range = parts_.layout->range(blocks);
    const kernels::ConstView delta = delta_.view().slice(range.offset, range.count);
    mass_.add_as_made(blocks, scaled ? mass_.weight(blocks.begin) : 1.0, delta,
                      [&](std::size_t first, std::size_t count) {
                        if (!finished) finish_delta(begun_at, range.offset + first, count);
                      });
  }
  // Read off what of x is still here, the estimate would take the step many times over.
  for (std::uint32_t block = 0; overlapping() && block < parts_.layout->parameter_blocks();
       ++block) {
    const auto [offset, count] = parts_.layout->range(block);
    parts_.backend->axpy(1.0 / weight_of_estimate(block), delta_.view().slice(offset, count),
                         estimate_copy().slice(offset, count));
  }
}

void Peer::enter(Phase phase) {
  phase_ = phase;
  const std::scoped_lock lock(mutex_);
  exchange_->set_progress({phase_, steps_behind(), step_seconds_, round_});
}

bool Peer::done_settling(runtime::Instant now) const {
  if (settled_ >= options_.settle_rounds * choice_.sweep_rounds()) return true;
  if (options_.pace == Pace::kSync) return false;
  const std::scoped_lock lock(mutex_);
  return now - settling_since_ > options_.settle_max ||
         exchange_->members().others_reached(Phase::kDraining);
}

bool Peer::nothing_under_way() const {
  if (outgoing_ || exchange_->parcels_in_flight() > 0 || exchange_->awaits_answer()) return false;
  if (!averages_pairs()) return true;
  // Whoever may be asked ends after those who ask: an answer on its way to somebody who has gone
  // would count twice.
  const gossip::Members& members = exchange_->members();
  const auto may_ask = [&](runtime::PeerId peer) {
    return protocol_->asks(members.living(), peer);
  };
  return may_ask(options_.self.id) || std::ranges::none_of(members.living(), [&](auto peer) {
           return may_ask(peer) && members.progress(peer).phase != Phase::kDrained;
         });
}

Phase Peer::advance(runtime::Instant now) {
  come_back_if_expelled(now);
  donate_if_wanted();
  const auto others_reached = [this](Phase phase) {
    const std::scoped_lock lock(mutex_);
    return exchange_->members().others_reached(phase);
  };
  if (phase_ == Phase::kTraining && steps_behind() >= options_.steps && !averaging())
    enter(Phase::kMixing);
  // In step, everybody takes as many rounds, so nobody has to hear who is done.
  if (phase_ == Phase::kMixing &&
      (options_.pace == Pace::kSync || others_reached(Phase::kMixing))) {
    settling_since_ = now;
    enter(Phase::kSettling);
  }
  const bool round_mixed = options_.pace != Pace::kSync || !round_open_;
  if (phase_ == Phase::kSettling && round_mixed && done_settling(now)) {
    draining_since_ = now;
    enter(Phase::kDraining);
  }
  bool drained = false;
  if (phase_ == Phase::kDraining) {
    const std::scoped_lock lock(mutex_);
    // Who hears us and never acknowledges must not keep everybody from ending; what it owes stays
    // in the books as in flight.
    drained = nothing_under_way() || now - draining_since_ > options_.drain_max;
  }
  if (drained) enter(Phase::kDrained);
  const std::scoped_lock lock(mutex_);
  if (phase_ == Phase::kTraining)
    exchange_->set_progress({phase_, steps_behind(), step_seconds_, round_});
  diverged_ = diverged_ || not_finite_;
  if (diverged_) exchange_->note_diverged();
  shared_.phase = phase_;
  shared_.step = step_;
  shared_.steps_behind = steps_behind();
  shared_.round = round_;
  shared_.step_seconds = step_seconds_;
  shared_.loss = loss_mean_;
  shared_.learning_rate = learning_rate_;
  shared_.batch = parts_.objective->batch_samples();
  shared_.steps_worth = steps_worth();
  if (parts_.batches != nullptr) shared_.noise = parts_.batches->report();
  shared_.weight = weight();
  return phase_;
}

bool Peer::finished() const {
  const std::scoped_lock lock(mutex_);
  return phase_ == Phase::kDrained && exchange_->members().others_reached(Phase::kDrained);
}

void Peer::note_step_time(runtime::Duration span) {
  if (step_ <= kWarmUpSteps) return;
  const double seconds = runtime::to_seconds(span);
  step_seconds_ = steps_timed_ == 0 ? seconds : exponential_mean(step_seconds_, seconds, 0.98);
  ++steps_timed_;
}

void Peer::note_blocked(runtime::Duration span) {
  const std::scoped_lock lock(mutex_);
  shared_.blocked_seconds += runtime::to_seconds(span);
}

void Peer::receive(const runtime::Delivery& delivery, runtime::Instant now) {
  {
    const std::scoped_lock lock(mutex_);
    if (exchange_->turns_away(delivery.from, now)) return;
  }
  // The costly checks run outside of the lock: the trainer never waits for them.
  auto decoded = gossip::decode(delivery, terms_);
  const std::scoped_lock lock(mutex_);
  if (const auto* refusal = std::get_if<gossip::Refusal>(&decoded)) {
    exchange_->refuse(delivery.from, *refusal);
    return;
  }
  const auto& message = std::get<gossip::Message>(decoded);
  if (const auto* inquiry = std::get_if<gossip::Inquiry>(&message.body))
    return answer(delivery, *inquiry, now);
  std::size_t bytes = 0;
  for (const runtime::Frame& frame : delivery.frames) bytes += frame.size();
  if (const auto* parcel = std::get_if<gossip::Parcel>(&message.body)) {
    const std::uint64_t own = shared_.round;
    ages_.add(own > parcel->round ? static_cast<double>(own - parcel->round) : 0.0);
  }
  exchange_->receive(message, bytes, now);
}

void Peer::tick(runtime::Instant now) {
  const std::scoped_lock lock(mutex_);
  exchange_->tick(now);
}

runtime::Instant Peer::next_tick() const {
  const std::scoped_lock lock(mutex_);
  return exchange_->next_tick();
}

void Peer::flush(runtime::Transport& transport, runtime::Instant now) {
  deliver();
  const std::scoped_lock lock(mutex_);
  for (const runtime::PeerId gone : exchange_->take_partings()) transport.disconnect(gone);
  for (const gossip::Contact& contact : exchange_->take_dials()) {
    // An address that cannot be dialled is its owner's mistake: it hears nothing from us.
    static_cast<void>(transport.connect(contact.id, contact.address).ok());
  }
  const gossip::List<runtime::PeerId> talking_to = exchange_->talking_to(&read_lists_);
  for (const auto channel : {runtime::Channel::kControl, runtime::Channel::kBulk}) {
    for (const runtime::PeerId to : talking_to) {
      while (const auto* frames = exchange_->next(to, channel, now)) {
        if (transport.send(to, channel, *frames) != runtime::Sent::kQueued) break;
        exchange_->sent(to, channel, now);
      }
    }
  }
}

PeerStatus Peer::status() const {
  const std::scoped_lock lock(mutex_);
  return locked_status();
}

PeerStatus Peer::locked_status() const {
  PeerStatus status = shared_;
  const double blocks = std::max(1.0, static_cast<double>(parts_.layout->block_count()));
  status.weight_waiting = exchange_->mass_waiting() / blocks;
  status.weight += status.weight_waiting;
  const double outgoing = outgoing_ ? outgoing_->mass : 0.0;
  status.weight_in_flight = (exchange_->mass_in_flight() + outgoing) / blocks;
  status.members = exchange_->members().living().size();
  status.standing = exchange_->standing().standing();
  status.age_rounds_p50 = static_cast<std::uint64_t>(ages_.quantile(0.50));
  status.age_rounds_p99 = static_cast<std::uint64_t>(ages_.quantile(0.99));
  status.traffic = exchange_->traffic();
  status.parcels_clipped = exchange_->parcels_clipped();
  return status;
}

std::vector<gossip::Event> Peer::take_events() {
  const std::scoped_lock lock(mutex_);
  return exchange_->take_events();
}

}  // namespace peers
