#pragma once
// The inside of Simulation: its peers, and what happens to them. What a peer does is in
// simulation.cc, what is done to it (faults) in simulation_faults.cc.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <utility>
#include <vector>

#include "peers/assembly.h"
#include "peers/config.h"
#include "peers/former_life.h"
#include "peers/simulate.h"
#include "peers/simulated_disk.h"
#include "peers/simulated_newcomer.h"
#include "peers/summary.h"
#include "runtime/clock.h"
#include "runtime/peer_id.h"
#include "runtime/sim_network.h"

namespace peers {

enum class Happening : std::uint8_t { kKnock, kAdvance, kStepDone, kTick, kArrival };
// A peer of a `join` fault is no member at first.
enum class Coming : std::uint8_t { kNotYet, kKnocking, kHere, kTurnedAway };
enum class Leaving : std::uint8_t { kNo, kHandingOver, kSayingGoodbye, kGone };

struct Node {
  std::unique_ptr<Assembly> assembly;
  runtime::Duration step{};
  bool alive = true;
  bool frozen = false;
  bool waiting = false;   // nothing to do before something arrives
  bool push_due = false;  // once its step's time is over
  bool ended = false;     // finished, or gone for good
  bool diverged = false;
  Coming coming = Coming::kHere;
  std::unique_ptr<SimulatedNewcomer> newcomer;  // while it knocks
  Leaving leaving = Leaving::kNo;
  runtime::Instant leave_by;      // the present part of leaving takes no longer
  std::vector<Happening> missed;  // while it was frozen
  std::uint64_t traced = 0;       // rows
  double loss = 0.0;              // of the latest step's batch
  std::uint64_t life = 1;         // what was to happen to an earlier one does not
  std::size_t restarts_to_come = 0;
  SimulatedDisk disk;
  runtime::Instant saved_at{};
};

struct Simulation::State {
  Config config;
  Surroundings surroundings;
  runtime::SimNetwork network;
  std::vector<Node> nodes;
  std::vector<gossip::Contact> listed;  // membership.members
  std::size_t going_on = 0;             // nodes that have not ended
  std::ostream* trace = nullptr;

  State(Config given, Surroundings opened, std::ostream* rows)
      : config(std::move(given)),
        surroundings(std::move(opened)),
        network(static_cast<std::uint32_t>(config.simulate.peers), config.seed),
        trace(rows) {}

  [[nodiscard]] runtime::Instant now() const { return network.clock().now(); }
  Peer& peer(std::size_t i) { return nodes[i].assembly->peer(); }
  static runtime::PeerId id_of(std::size_t i) { return runtime::PeerId{i}; }

  runtime::Status make_nodes();
  void start();
  void happen(std::size_t i, Happening what);
  void call_after(runtime::Duration span, std::size_t i, Happening what);
  void advance(std::size_t i);
  void take_step(std::size_t i);
  void mix(std::size_t i);
  void finish_step(std::size_t i);
  void take_in(std::size_t i);
  void tick(std::size_t i);
  void schedule_faults();
  void inject(const FaultConfig& fault);
  void knock(std::size_t i);
  void go_on_knocking(std::size_t i, Happening what);
  void turn_away(std::size_t i);
  void begin(std::size_t i);
  void save_if_due(std::size_t i);
  void save(std::size_t i);
  void crash(std::size_t i);
  void restart(std::vector<std::uint64_t> group);
  void read_list();
  void restart_by_list(std::size_t i);
  // `together`: with whom; null: it will join a run.
  Identity start_again(std::size_t i, FormerLife& former,
                       const std::vector<runtime::PeerId>* together);
  [[nodiscard]] std::vector<FormerLife> former_lives(const std::vector<std::uint64_t>& group,
                                                     bool together) const;
  [[nodiscard]] Config config_of(std::size_t i) const;
  [[nodiscard]] bool anybody_there() const;
  [[nodiscard]] bool anybody_to_come() const;
  [[nodiscard]] std::vector<runtime::PeerId> in_the_run() const;
  struct Ways {
    bool to = false;
    bool from = false;
  };
  void cut(const std::vector<std::uint64_t>& group, const Ways& lost);
  void thaw(std::size_t i);
  void leave(std::size_t i);
  void give_up(std::size_t i);
  void go_on_leaving(std::size_t i);
  void trace_row(std::size_t i);
  void write_header();
  void end(std::size_t i);
  [[nodiscard]] std::uint64_t slowest_step() const;
  [[nodiscard]] PeerSummary summary_of(std::size_t i);
  [[nodiscard]] std::optional<Quality> quality_of_average(const RunSummary& summary);
};

}  // namespace peers
