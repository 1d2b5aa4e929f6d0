#pragma once
// One peer: its mass, its policy, its end of the gossip. What happens in a step is here; when it
// happens is the driver's (wall time) or the simulator's (virtual time). Neither is known to the
// other.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gossip/block_choice.h"
#include "gossip/codec.h"
#include "gossip/decoder.h"
#include "gossip/distances.h"
#include "gossip/exchange.h"
#include "gossip/mass.h"
#include "gossip/protocol.h"
#include "gossip/recent_values.h"
#include "gossip/report.h"
#include "gossip/topology.h"
#include "gossip/weighting.h"
#include "kernels/backend.h"
#include "peers/objective.h"
#include "peers/outgoing.h"
#include "peers/own_statistics.h"
#include "peers/policies/batch_watch.h"
#include "peers/policies/correction.h"
#include "peers/policies/optimizer.h"
#include "peers/policies/outer.h"
#include "peers/policies/participation.h"
#include "peers/policies/regularizer.h"
#include "peers/policies/schedule.h"
#include "peers/policies/shaped_gradient.h"

namespace peers {

enum class Pace : std::uint8_t { kAsync, kBounded, kSync };

struct PeerOptions {
  gossip::Sender self;
  gossip::Contact contact{};       // of this peer, as others are told
  std::string terms{};             // of the run
  std::string precision{};         // as Report
  bool admits = false;             // whether newcomers may join while it trains
  bool reached_by_number = false;  // as ExchangeOptions
  std::uint64_t offences_max = 0;  // these two as ExchangeOptions
  std::uint64_t messages_max = 0;
  double norm_limit = 0.0;  // as ExchangeOptions
  gossip::NormAction norm_action = gossip::NormAction::kRefuse;
  Pace pace = Pace::kAsync;
  std::uint64_t steps = 0;          // gradient steps to take
  bool by_samples = false;          // until their samples have been seen: fewer, if batches grow
  std::uint64_t settle_rounds = 0;  // pushes of each block, without gradients, after everybody's
                                    // last step
  std::uint64_t max_lead = 8;       // bounded: rounds ahead of the slowest peer heard of
  double weight_floor = 0.05;       // not in step: a block below it is not pushed
  bool rate_correction = true;      // not in step: scale a block's step by its weight
  bool mix_statistics = true;       // false: as OwnStatistics
  double damping = 1.0;             // of every share that is pushed, in (0, 1]
  std::uint64_t average_every = 1;  // as ProtocolOptions
  bool averages = false;          // in step: a step waits for as many rounds as the topology takes
                                  // to average exactly
  bool steps_after_push = false;  // a step that is pushed after is added once shares are cut
  gossip::BlockChoice::Options blocks = {};
  // Not in step: settling ends by then, whoever does not answer.
  runtime::Duration settle_max{2'000'000'000};
  runtime::Duration drain_max{30'000'000'000};    // then parcels may stay unacknowledged
  runtime::Duration probe_interval{200'000'000};  // of other members; zero: none is taken for dead
  double suspicion_multiplier = 7.0;
  std::uint64_t seed = 0;                               // of whom to probe when
  std::optional<gossip::PartialViewOptions> view = {};  // as ExchangeOptions
  gossip::OutEdge::Options edge = {};
  bool watched = false;  // as ExchangeOptions
  // Mass is copied from and to a device beside the next step; else before it.
  bool copies_beside = false;
};

// What a peer is assembled from. All outlive it.
struct PeerParts {
  Objective* objective = nullptr;
  Optimizer* optimizer = nullptr;
  std::vector<Regularizer*> regularizers = {};
  Correction* correction = nullptr;        // null: none
  Outer* outer = nullptr;                  // null: none; of the learned parameters
  Participation* participation = nullptr;  // null: all train in every period
  BatchWatch* batches = nullptr;           // null: nobody looks at them
  Schedule* schedule = nullptr;
  const gossip::Topology* topology = nullptr;
  const gossip::Weighting* weighting = nullptr;
  gossip::Distances* distances = nullptr;  // what the weighting asks for
  const gossip::BlockLayout* layout = nullptr;
  kernels::Backend* backend = nullptr;
  const gossip::Codec* codec = nullptr;
  gossip::ParcelKind parcels = gossip::ParcelKind::kMass;  // what the protocol pushes
};

// What a person may want to know of a peer at one moment.
struct PeerStatus {
  gossip::Phase phase = gossip::Phase::kTraining;
  std::uint64_t step = 0;
  std::uint64_t round = 0;    // pushes so far
  double step_seconds = 0.0;  // mean time of a step; 0: not known yet
  double epoch = 0.0;         // these two as note_rate() was told
  double samples_per_second = 0.0;
  double loss = 0.0;                            // mean over the last steps, exponentially weighted
  double learning_rate = 0.0;                   // of the last step
  std::uint64_t batch = 0;                      // samples of a step
  std::uint64_t steps_behind = 0;               // as Peer::steps_behind()
  double steps_worth = 0.0;                     // steps, counted in samples of the first batch
  std::vector<gossip::NoiseReport> noise = {};  // as BatchWatch::report()
  double weight = 1.0;            // push-sum weight held, mean over blocks: of x, and waiting
  double weight_waiting = 0.0;    // in the inbox, mean over blocks
  double weight_in_flight = 0.0;  // sent and not acknowledged, mean over blocks
  std::uint64_t members = 1;      // living, this peer included
  gossip::Standing standing = gossip::Standing::kFine;
  std::uint64_t parcels_clipped = 0;
  std::uint64_t parcels_skipped = 0;
  double blocked_seconds = 0.0;      // that training waited for other peers
  std::uint64_t age_rounds_p50 = 0;  // of parcels mixed lately: own round minus the sender's
  std::uint64_t age_rounds_p99 = 0;
  double update_diversity = 0.0;  // as Correction::diversity()
  gossip::Traffic traffic;
};

// Two threads: the trainer's calls come from one, the network's from another (or all from one, as
// in the simulator).
class Peer {
 public:
  Peer(const PeerOptions& options, const PeerParts& parts, gossip::Members members,
       runtime::Instant now);
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  ~Peer() = default;

  // --- Before training, on one thread.

  // Members. Those that have known a former self of this peer are told that it is another.
  void meet(const std::vector<gossip::Contact>& contacts, bool came_back, runtime::Instant now);
  // This peer is a newcomer: it starts with weight one from the estimate that it was given (host
  // memory), at the step that the run has come to, and says hello to everybody.
  void join(const std::vector<gossip::Contact>& contacts, kernels::ConstView estimate,
            std::uint64_t step, runtime::Instant now);

  // This peer was here before: what a checkpoint holds of it. `estimate` (host memory) is what it
  // starts from, with weight one: the mass that it had is gone, and so is what its last push
  // brought, unless there is nobody else. `position`: where in the run it is; `parts`: what its
  // policy and its objective keep, null where that is not known and begins anew.
  void resume(kernels::ConstView estimate, StateVisitor& position, StateVisitor* parts);
  // The estimate as it is now, on the host, at the price of a push's snapshot; immutable. Empty: it
  // is not what the mass holds, to be copied.
  [[nodiscard]] std::optional<runtime::Frame> lend_estimate();
  void visit_parts(StateVisitor& visitor);
  void visit_position(StateVisitor& visitor);  // these four: between rounds

  // --- The trainer's side. A round is: mix, compute (unless settling or averaging), push.

  // Where this peer stands, moved on as far as what it has heard allows.
  gossip::Phase advance(runtime::Instant now);
  [[nodiscard]] bool finished() const;  // nothing is under way anywhere, as far as one can know

  // A loss or a parameter is not finite: nothing was pushed since, and nothing can be made good.
  [[nodiscard]] bool diverged() const { return diverged_; }

  // Whether the next round may begin: at once, unless rounds run in step; then the parcels of the
  // last one must be here and the out-edges have room. Who is dead is not waited for.
  [[nodiscard]] bool ready() const;
  // Whom that waits for, and at which round each was when it was last heard: in step whose part of
  // the open round is missing, or who has no room for the next; with a bounded lead the slowest.
  struct Awaited {
    runtime::PeerId peer{};
    std::uint64_t round = 0;
  };
  [[nodiscard]] std::vector<Awaited> awaited() const;
  [[nodiscard]] std::uint64_t round() const { return round_; }  // pushes so far
  // Amid rounds that one exact average takes: the next step waits for the last of them.
  [[nodiscard]] bool averaging() const { return place_in_average().done > 0; }
  void mix();  // folds what has arrived into x
  // One gradient step: x += delta. Returns the batch's loss; the mean so far, where this peer sits
  // the period out.
  double compute();
  // Hands shares to this round's out-neighbours; false where nothing was handed over. While pushes
  // overlap steps it is the next mix() that does, once what the last push brought is in.
  bool push();
  [[nodiscard]] bool push_planned()
      const;  // whether the schedule wants a push after the step just computed

  // A graceful leave: hands all mass to one living peer, and nothing is left to read an estimate
  // from. The caller keeps the network running until nothing is in flight or its patience ends,
  // then says goodbye. False, and the mass stays, where there is nobody to take it.
  bool hand_over();
  [[nodiscard]] bool holds_returned_mass() const;  // what was under way to one that died since
  void say_goodbye();
  [[nodiscard]] bool quiet() const;  // nothing in flight, nothing left to send

  void note_step_time(runtime::Duration span);
  void note_blocked(runtime::Duration span);
  void note_rate(double epoch, double samples_per_second);  // for who asks
  // On the device; good until the next call that changes it.
  [[nodiscard]] kernels::ConstView estimate();
  [[nodiscard]] std::uint64_t step() const { return step_; }  // gradient steps taken
  // The same, counted in samples of the first batch: more once batches have grown.
  [[nodiscard]] double steps_worth() const {
    const bool grows = parts_.batches != nullptr && parts_.batches->grows();
    return grows ? parts_.batches->steps_worth() : static_cast<double>(step_);
  }
  // How many of the steps to take are behind.
  [[nodiscard]] std::uint64_t steps_behind() const {
    return options_.by_samples ? static_cast<std::uint64_t>(steps_worth()) : step_;
  }
  // Of x, mean over blocks; what waits in the inbox not counted.
  [[nodiscard]] double weight() const {
    const double blocks = std::max(1.0, static_cast<double>(parts_.layout->block_count()));
    return mass_.mean_weight() + mass_.weight_under_way() / blocks;
  }
  [[nodiscard]] double mean_step_seconds() const { return step_seconds_; }

  // --- The network's side.

  void receive(const runtime::Delivery& delivery,
               runtime::Instant now);  // checks it, then books it or refuses it
  void admit_only(std::shared_ptr<const runtime::KeyNames> authorized);  // these two as Exchange
  void hear_of(runtime::PeerId peer, const runtime::Address& address, runtime::Instant now);
  void tick(runtime::Instant now);
  [[nodiscard]] runtime::Instant next_tick() const;
  // Hands everything that is due to the network, as far as that has room for it.
  void flush(runtime::Transport& transport, runtime::Instant now);
  // To those who asked about this peer, by the connections on which they asked.
  struct Answer {
    runtime::PeerId to{};
    std::vector<runtime::Frame> frames;
  };
  [[nodiscard]] std::vector<Answer> take_answers();

  // --- Either side.

  [[nodiscard]] PeerStatus status() const;
  // The other members, as Exchange::member_reports().
  [[nodiscard]] std::vector<gossip::MemberReport> member_reports(runtime::Instant now) const;
  [[nodiscard]] gossip::StandingWatch standing() const;
  [[nodiscard]] std::size_t living_here() const;  // members, as Exchange::living_here()
  [[nodiscard]] bool leave_asked() const;  // by somebody who may: leave as if stopped
  [[nodiscard]] std::vector<gossip::Event> take_events();

 private:
  static constexpr std::size_t kAgesMax = 1024;  // parcels, of which ages are told
  static constexpr std::pmr::pool_options kListPool{.max_blocks_per_chunk = 8,
                                                    .largest_required_pool_block = 1U << 20U};

  [[nodiscard]] std::span<const runtime::PeerId> mixing_members(
      const gossip::Topology& topology) const;                  // whom it is computed over
  [[nodiscard]] gossip::List<runtime::PeerId> missing() const;  // of the round that is open
  [[nodiscard]] gossip::List<std::uint32_t> pushable_blocks() const;
  struct Recipients {
    explicit Recipients(gossip::ListMemory memory)
        : peers(memory), room(memory), members(memory), heard(memory), shares(memory) {}
    gossip::List<runtime::PeerId> peers;
    gossip::List<bool> room;                    // whether a push may go there now
    gossip::List<runtime::PeerId> members;      // shares by distance only:
    gossip::List<gossip::Heard> heard;          // of each of peers
    gossip::List<gossip::List<double>> shares;  // one list for all blocks or one a block
    bool asks = false;                          // for an answer
    [[nodiscard]] std::size_t room_count() const {
      return static_cast<std::size_t>(std::ranges::count(room, true));
    }
  };
  [[nodiscard]] Recipients recipients(bool anything_to_push) const;
  [[nodiscard]] std::uint64_t push_seed() const;
  [[nodiscard]] gossip::PushPlan plan_for(const Recipients& to,
                                          std::span<const runtime::PeerId> members) const;
  void weigh_by_distance(Recipients& to) const;
  void let_parts_see();
  void let_correction_see();
  void say(gossip::Note note);  // of this peer, to all
  void tell_of_batches();
  void hear_of_batches();
  void hand(const Recipients& to, const std::shared_ptr<const gossip::Snapshot>& snapshot,
            std::span<const std::uint32_t> blocks);
  // Calls send(receiver, a share for each block) for all that have room, under the lock; returns
  // what is left of each block.
  template <typename Send>
  gossip::List<double> share_out(const Recipients& to, std::span<const std::uint32_t> blocks,
                                 const Send& send);
  [[nodiscard]] bool copies_beside() const;
  [[nodiscard]] bool pushes_beside(std::span<const std::uint32_t> blocks) const;
  void hand_beside(const Recipients& to, std::span<const std::uint32_t> blocks);
  void deliver();  // what that has begun, once its snapshot is there; any thread
  void move_statistics();
  void begin_own_statistics();
  [[nodiscard]] bool steps_scaled_by_weight() const;
  [[nodiscard]] bool steps_apart() const;
  [[nodiscard]] bool overlapping() const;
  [[nodiscard]] double weight_of_estimate(std::uint32_t block) const;
  [[nodiscard]] kernels::View estimate_copy();
  bool hand_out();
  // Of the rounds between two steps, which the next push begins or goes on with.
  struct PlaceInAverage {
    std::uint64_t done = 0;  // before it
    std::uint64_t rounds = 1;
    [[nodiscard]] bool first() const { return done == 0; }
    [[nodiscard]] bool last() const { return done + 1 == rounds; }
  };
  [[nodiscard]] PlaceInAverage place_in_average() const;
  [[nodiscard]] bool averages_pairs() const;  // instead of pushing shares
  void answer_requests();
  void answer_request(runtime::PeerId asker);
  // What the optimizer has begun, of these numbers, in its place.
  void finish_delta(kernels::ConstView estimate, std::size_t first, std::size_t count);
  void apply_delta(bool finished);  // false: finishes it on the way
  void end_round();
  void start_parts();
  void take_outer_step();
  [[nodiscard]] bool sits_out();
  void stretch_period();
  void move_learned();
  [[nodiscard]] std::size_t learned_count() const;
  void donate_if_wanted();
  void come_back_if_expelled(runtime::Instant now);
  void restart(kernels::ConstView estimate);  // host memory
  void note_own();
  enum class Fold : std::uint8_t { kNow, kBeside };  // beside the next step
  void fold_before(std::uint64_t round, Fold fold = Fold::kNow);
  void fold_block(std::uint32_t block, std::uint64_t round, Fold fold);
  [[nodiscard]] bool done_settling(runtime::Instant now) const;
  [[nodiscard]] PeerStatus locked_status() const;  // these four: under the lock
  [[nodiscard]] bool nothing_under_way() const;
  void answer(const runtime::Delivery& question, const gossip::Inquiry& inquiry,
              runtime::Instant now);
  [[nodiscard]] gossip::Report report(runtime::Instant now) const;
  void enter(gossip::Phase phase);

  PeerOptions options_;
  PeerParts parts_;
  ShapedGradient gradient_;
  gossip::BlockChoice choice_;
  gossip::Decoder decoder_;
  std::pmr::unsynchronized_pool_resource read_lists_{kListPool};  // the network's alone
  gossip::SketchPool read_sketches_{gossip::kSketchesFreeMax};
  gossip::Terms terms_;

  // The trainer's alone.
  mutable std::pmr::unsynchronized_pool_resource lists_{kListPool};  // of a round
  gossip::Mass mass_;
  std::unique_ptr<gossip::Protocol> protocol_;
  // A copy of z, where the estimate is not what the mass holds: statistics are this peer's own, or
  // steps overlap a push and are added to x once it is out.
  std::optional<kernels::Buffer> estimate_copy_;
  bool copy_stale_ = true;
  kernels::Buffer delta_;
  std::optional<OwnStatistics> own_statistics_;
  std::uint64_t step_ = 0;
  std::uint64_t round_ = 0;         // pushes so far
  double learning_rate_sum_ = 0.0;  // of the steps since the last round was mixed
  bool push_planned_ = false;
  bool step_due_ = false;               // computed, and added once the push is out
  bool overlap_ = false;                // as the schedule planned the last step
  bool push_due_ = false;               // overlap: at the next mix
  std::vector<double> pushed_weights_;  // overlap: of each block as it was when last pushed
  std::uint64_t era_ = 0;               // of companions
  bool round_open_ = false;             // pushed, and what came of it not yet mixed
  std::uint64_t settled_ = 0;           // rounds
  std::uint64_t answers_given_ = 0;
  runtime::Instant settling_since_{};
  runtime::Instant draining_since_{};
  bool diverged_ = false;
  gossip::Phase phase_ = gossip::Phase::kTraining;
  double step_seconds_ = 0.0;
  std::uint64_t steps_timed_ = 0;
  double loss_mean_ = 0.0;
  double learning_rate_ = 0.0;

  // Shared by both threads.
  mutable std::mutex mutex_;
  std::unique_ptr<gossip::Exchange> exchange_;  // another one for each life
  PeerStatus shared_;                           // what status() says of the trainer's side
  gossip::RecentValues ages_{kAgesMax};
  std::vector<Answer> answers_;
  bool leave_asked_ = false;
  std::shared_ptr<Outgoing> outgoing_;  // null: none; ...
  bool not_finite_ = false;             // ... one was found to be
  std::mutex delivery_;                 // locked before mutex_; who delivers has it

  std::uint64_t members_kept_ = 0;  // when the position was last written down
};

}  // namespace peers
