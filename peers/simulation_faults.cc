// The part of Simulation that does to its peers what [simulate] faults says.
#include <algorithm>
#include <utility>

#include "peers/driver.h"
#include "peers/simulation_state.h"

namespace peers {
namespace {

using runtime::Instant;
using runtime::PeerId;

// A newcomer knocks at so many, and looks at least so often whether something is due.
constexpr std::size_t kSeedsMax = 4;
constexpr runtime::Duration kPatience{20'000'000};

}  // namespace

void Simulation::State::schedule_faults() {
  for (const FaultConfig& fault : config.simulate.faults) {
    network.call_at(now() + runtime::from_seconds(fault.at), [this, fault] { inject(fault); });
  }
}

void Simulation::State::inject(const FaultConfig& fault) {
  if (fault.kind == "cut") return cut(fault.peers, {.to = true, .from = true});
  if (fault.kind == "mute") return cut(fault.peers, {.to = false, .from = true});
  if (fault.kind == "heal") return cut(fault.peers, {});
  if (fault.kind == "restart") return restart(fault.peers);
  for (const std::uint64_t i : fault.peers) {
    if (i >= nodes.size()) continue;
    if (fault.kind == "crash") crash(i);
    if (fault.kind == "join") knock(i);
    if (fault.kind == "leave" && nodes[i].alive && !nodes[i].ended) leave(i);
    if (fault.kind == "freeze") nodes[i].frozen = true;
    if (fault.kind == "thaw") thaw(i);
  }
}

// What it has saved stays.
void Simulation::State::crash(std::size_t i) {
  nodes[i].alive = false;
  end(i);
  network.set_alive(id_of(i), false);
}

std::vector<PeerId> Simulation::State::in_the_run() const {
  std::vector<PeerId> ids;
  for (std::size_t i = 0; i < nodes.size(); ++i)
    if (nodes[i].coming == Coming::kHere && nodes[i].alive && !nodes[i].ended)
      ids.push_back(id_of(i));
  return ids;
}

// As a process that is started with peer.join.
void Simulation::State::knock(std::size_t i) {
  Node& node = nodes[i];
  const Assembly& assembly = *node.assembly;
  std::vector<PeerId> seeds = in_the_run();
  seeds.resize(std::min(seeds.size(), kSeedsMax));
  const gossip::Sender sender{.id = id_of(i),
                              .incarnation = node.disk.identity()->incarnation,
                              .fingerprint = assembly.fingerprint()};
  node.alive = true;
  node.coming = Coming::kKnocking;
  network.set_alive(id_of(i), true);
  node.newcomer = std::make_unique<SimulatedNewcomer>(
      gossip::JoiningOptions{
          .sender = sender,
          .self = {.id = sender.id, .incarnation = sender.incarnation, .name = {}, .address = {}},
          .terms = assembly.terms(),
          .seeds = {}},
      seeds, assembly.layout(), network.transport_of(id_of(i)));
  go_on_knocking(i, Happening::kKnock);
}

// A process would knock for ever; here that ends when there is nobody left who could answer, nor
// anybody who will be.
void Simulation::State::go_on_knocking(std::size_t i, Happening what) {
  Node& node = nodes[i];
  const auto state = node.newcomer->advance(now());
  const bool deserted = in_the_run().empty() && !anybody_to_come();
  if (state == gossip::Joining::State::kRejected || deserted) return turn_away(i);
  if (state != gossip::Joining::State::kReady) {
    if (what == Happening::kKnock) call_after(kPatience, i, Happening::kKnock);
    return;
  }
  const Joined joined = node.newcomer->joined();
  node.newcomer.reset();
  node.coming = Coming::kHere;
  peer(i).join(joined.contacts, joined.estimate(), joined.step, now());
  begin(i);
}

void Simulation::State::turn_away(std::size_t i) {
  nodes[i].coming = Coming::kTurnedAway;
  nodes[i].alive = false;
  end(i);
  network.set_alive(id_of(i), false);
}

// What the others say to the group, and what it says to them.
void Simulation::State::cut(const std::vector<std::uint64_t>& group, const Ways& lost) {
  for (const std::uint64_t a : group) {
    for (std::size_t b = 0; b < nodes.size(); ++b) {
      if (std::ranges::count(group, b) > 0) continue;
      network.link(id_of(a), id_of(b)).cut = lost.from;
      network.link(id_of(b), id_of(a)).cut = lost.to;
    }
  }
}

// As the driver does it when it is told to stop.
void Simulation::State::leave(std::size_t i) {
  Node& node = nodes[i];
  if (node.leaving != Leaving::kNo) return;
  if (node.coming == Coming::kKnocking) {
    node.leaving = Leaving::kGone;
    return turn_away(i);
  }
  node.leaving = Leaving::kHandingOver;
  node.waiting = true;  // hears of every arrival
  peer(i).mix();
  save(i);
  const bool handed = peer(i).hand_over();
  node.leave_by = handed ? now() + kHandOverMax : now();
  call_after(node.leave_by - now(), i, Happening::kAdvance);
  go_on_leaving(i);
}

// As the driver does it: nothing of what is not finite has reached the others, and nothing does.
void Simulation::State::give_up(std::size_t i) {
  nodes[i].diverged = true;
  nodes[i].leaving = Leaving::kHandingOver;  // of nothing
  nodes[i].leave_by = now();
  nodes[i].waiting = true;  // hears of every arrival
}

void Simulation::State::go_on_leaving(std::size_t i) {
  Node& node = nodes[i];
  runtime::Transport& transport = network.transport_of(id_of(i));
  peer(i).flush(transport, now());
  if (!peer(i).quiet() && now() < node.leave_by) return;
  if (node.leaving == Leaving::kHandingOver) {
    node.leaving = Leaving::kSayingGoodbye;
    node.leave_by = now() + kGoodbyeMax;
    call_after(kGoodbyeMax, i, Happening::kAdvance);
    peer(i).say_goodbye();
    peer(i).flush(transport, now());
    if (!peer(i).quiet()) return;
  }
  node.leaving = Leaving::kGone;
  node.alive = false;
  end(i);
  network.set_alive(id_of(i), false);
}

void Simulation::State::thaw(std::size_t i) {
  nodes[i].frozen = false;
  for (const Happening what : std::exchange(nodes[i].missed, {}))
    call_after(runtime::Duration::zero(), i, what);
}

}  // namespace peers
