#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <ostream>
#include <utility>

#include "peers/estimate_file.h"
#include "peers/launch_names.h"
#include "peers/simulation_state.h"
#include "peers/synthetic.h"

namespace peers {
namespace {

using gossip::Phase;
using runtime::Instant;
using runtime::PeerId;

constexpr int kExitFailed = 1;
constexpr int kExitKilled = 137;  // what a shell reports of a process that kill -9 ended
constexpr int kExitLeft = 130;    // interrupted, and left gracefully

runtime::Link link_of(const LinkConfig& config) {
  return {.delay = runtime::from_seconds(config.delay_ms * 1e-3),
          .bandwidth_bytes = config.bandwidth_mbit * 125e3,
          .loss_probability = config.loss,
          .duplicate_probability = config.duplicate,
          .reorder_probability = config.reorder};
}

// Of one that is not there at the end.
int exit_of(const Node& node) {
  if (node.diverged) return kExitFailed;
  if (node.leaving == Leaving::kGone) return kExitLeft;
  const bool killed =
      !node.alive && (node.coming == Coming::kHere || node.coming == Coming::kKnocking);
  return killed ? kExitKilled : kExitFailed;
}

std::vector<double> estimate_of(Assembly& assembly, kernels::Backend& backend) {
  const kernels::ConstView z = assembly.peer().estimate();
  std::vector<double> estimate(z.count());
  if (z.scalar() == kernels::Scalar::kF64) {
    backend.download(z, std::span(estimate));
    return estimate;
  }
  std::vector<float> numbers(z.count());
  backend.download(z, std::span(numbers));
  std::ranges::copy(numbers, estimate.begin());
  return estimate;
}

}  // namespace

runtime::Status Simulation::State::make_nodes() {
  nodes.resize(config.simulate.peers);
  going_on = nodes.size();
  for (const FaultConfig& fault : config.simulate.faults)
    for (const std::uint64_t i : fault.peers)
      if (fault.kind == "join")
        nodes.at(i).coming = Coming::kNotYet;
      else if (fault.kind == "restart")
        ++nodes.at(i).restarts_to_come;
  std::vector<PeerId> ids;
  for (std::size_t i = 0; i < nodes.size(); ++i)
    if (nodes[i].coming == Coming::kHere) ids.push_back(id_of(i));
  const gossip::PeerList members = ids;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    Place place{.index = i, .id = id_of(i), .members = members, .virtual_time = true};
    if (nodes[i].coming == Coming::kNotYet) place.members = std::vector{id_of(i)};
    auto assembly = Assembly::create(config, surroundings, place, now());
    if (!assembly) return assembly.error();
    nodes[i].assembly = std::move(assembly).value();
    nodes[i].disk.write_identity({place.id, place.incarnation});
    const auto& seconds = config.simulate.step_seconds;
    nodes[i].step = runtime::from_seconds(seconds[std::min(i, seconds.size() - 1)]);
  }
  return {};
}

void Simulation::State::start() {
  network.set_all_links(link_of(config.simulate.link));
  schedule_faults();
  read_list();
  if (trace != nullptr) write_header();
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    network.on_arrival(id_of(i), [this, i] { happen(i, Happening::kArrival); });
    if (nodes[i].coming == Coming::kHere) {
      begin(i);
    } else {
      nodes[i].alive = false;
      network.set_alive(id_of(i), false);
    }
  }
}

void Simulation::State::begin(std::size_t i) {
  call_after(runtime::Duration::zero(), i, Happening::kTick);
  call_after(runtime::Duration::zero(), i, Happening::kAdvance);
}

void Simulation::State::call_after(runtime::Duration span, std::size_t i, Happening what) {
  network.call_at(now() + span, [this, i, what, life = nodes[i].life] {
    if (nodes[i].life == life) happen(i, what);
  });
}

// Who is started again has not ended yet.
void Simulation::State::end(std::size_t i) {
  if (!nodes[i].alive && nodes[i].restarts_to_come > 0) return;
  going_on -= std::exchange(nodes[i].ended, true) ? 0U : 1U;
}

void Simulation::State::happen(std::size_t i, Happening what) {
  Node& node = nodes[i];
  if (!node.alive) return;
  if (node.frozen) {
    // Arrivals wait in the network's queue; noting one of them is enough.
    if (what != Happening::kArrival || !std::ranges::count(node.missed, what))
      node.missed.push_back(what);
    return;
  }
  if (node.coming == Coming::kKnocking) return go_on_knocking(i, what);
  switch (what) {
    case Happening::kKnock:
      return;  // it is in
    case Happening::kAdvance:
      return advance(i);
    case Happening::kStepDone:
      return finish_step(i);
    case Happening::kTick:
      return tick(i);
    case Happening::kArrival:
      return take_in(i);
  }
}

void Simulation::State::advance(std::size_t i) {
  Node& node = nodes[i];
  if (peer(i).diverged() && node.leaving == Leaving::kNo) give_up(i);
  if (node.leaving != Leaving::kNo) return go_on_leaving(i);
  node.waiting = false;
  const Phase phase = peer(i).advance(now());
  const bool ending = phase == Phase::kDraining || phase == Phase::kDrained;
  if (ending) mix(i);
  peer(i).flush(network.transport_of(id_of(i)), now());
  if (peer(i).finished()) return end(i);
  save_if_due(i);
  if (ending || !peer(i).ready()) {
    node.waiting = true;
    return;
  }
  take_step(i);
}

void Simulation::State::take_step(std::size_t i) {
  const Phase before = peer(i).advance(now());
  mix(i);
  peer(i).flush(network.transport_of(id_of(i)), now());
  if (peer(i).advance(now()) != before)
    return call_after(runtime::Duration::zero(), i, Happening::kAdvance);
  const bool averaging = before == Phase::kTraining && peer(i).averaging();
  const bool computes = before == Phase::kTraining && !averaging;
  if (computes) {
    nodes[i].loss = peer(i).compute();
    peer(i).note_step_time(nodes[i].step);
  }
  nodes[i].push_due = !computes || peer(i).push_planned();
  call_after(averaging ? runtime::Duration::zero() : nodes[i].step, i, Happening::kStepDone);
}

void Simulation::State::mix(std::size_t i) {
  peer(i).mix();
  trace_row(i);
}

void Simulation::State::finish_step(std::size_t i) {
  // Who is leaving has nothing left to push.
  if (nodes[i].push_due && nodes[i].leaving == Leaving::kNo) static_cast<void>(peer(i).push());
  advance(i);
}

void Simulation::State::take_in(std::size_t i) {
  std::array<runtime::Delivery, 16> deliveries;
  runtime::Transport& transport = network.transport_of(id_of(i));
  while (const std::size_t count = transport.receive(deliveries)) {
    for (const auto& delivery : std::span(deliveries).first(count))
      peer(i).receive(delivery, now());
  }
  peer(i).flush(transport, now());
  if (nodes[i].waiting) advance(i);
}

void Simulation::State::tick(std::size_t i) {
  peer(i).tick(now());
  peer(i).flush(network.transport_of(id_of(i)), now());
  if (nodes[i].waiting) advance(i);
  // At least a millisecond apart: a network without room would otherwise be asked for ever at one
  // instant.
  const Instant next = std::max(peer(i).next_tick(), now() + runtime::Duration(1'000'000));
  call_after(next - now(), i, Happening::kTick);
}

void Simulation::State::write_header() {
  *trace << "round,peer,weight,loss";
  for (std::size_t k = 0; k < nodes.front().assembly->objective().parameter_count(); ++k)
    *trace << ",z_" << k;
  *trace << '\n';
}

// One row a peer and step, after the mixing that ends it; row 0 is the start.
void Simulation::State::trace_row(std::size_t i) {
  Node& node = nodes[i];
  if (trace == nullptr || peer(i).averaging() || peer(i).step() < node.traced) return;
  node.traced = peer(i).step() + 1;
  auto* problem = dynamic_cast<Synthetic*>(&node.assembly->objective());
  const double loss = problem != nullptr ? problem->loss_at(peer(i).estimate()) : node.loss;
  *trace << fmt::format("{},{},{:.17g},{:.17g}", peer(i).step(), i, peer(i).weight(), loss);
  if (problem != nullptr) {
    for (const double z : estimate_of(*node.assembly, *surroundings.backend))
      *trace << fmt::format(",{:.17g}", z);
  }
  *trace << '\n';
}

std::uint64_t Simulation::State::slowest_step() const {
  std::uint64_t slowest = nodes.front().assembly->steps();
  for (const Node& node : nodes) {
    if (node.alive && node.coming == Coming::kHere)
      slowest = std::min(slowest, node.assembly->peer().steps_behind());
  }
  return slowest;
}

PeerSummary Simulation::State::summary_of(std::size_t i) {
  Node& node = nodes[i];
  const double seconds = std::max(1e-9, runtime::to_seconds(now() - Instant{}));
  const PeerStatus status = peer(i).status();
  PeerSummary summary{
      .name = launched_name(i),
      .device = std::string(surroundings.backend->name()),
      .precision = std::string(kernels::name_of(surroundings.backend->precision()))};
  summary.steps = peer(i).step();
  summary.batch = node.assembly->objective().batch_samples();
  const double worth = status.steps_worth * static_cast<double>(node.assembly->first_batch());
  summary.samples = static_cast<std::uint64_t>(std::llround(worth));
  if (!status.noise.empty()) {
    summary.noise_local = status.noise.front().local;
    summary.noise_global = status.noise.front().global;
  }
  summary.samples_per_second = static_cast<double>(summary.samples) / seconds;
  summary.bytes_sent = status.traffic.bytes_sent;
  summary.bytes_received = status.traffic.bytes_received;
  summary.parcels_sent = status.traffic.parcels_sent;
  summary.parcels_received = status.traffic.parcels_received;
  if (!node.alive || node.coming != Coming::kHere) {
    summary.exit = exit_of(node);
    return summary;
  }
  summary.weight = peer(i).weight() + status.weight_waiting;
  summary.weight_in_flight = status.weight_in_flight;
  summary.quality = node.assembly->objective().evaluate(peer(i).estimate());
  summary.estimate = estimate_of(*node.assembly, *surroundings.backend);
  return summary;
}

std::optional<Quality> Simulation::State::quality_of_average(const RunSummary& summary) {
  return evaluate_average(summary, nodes.front().assembly->objective(), *surroundings.backend);
}

Simulation::Simulation(std::unique_ptr<State> state) : state_(std::move(state)) {}
Simulation::~Simulation() = default;

runtime::Result<std::unique_ptr<Simulation>> Simulation::create(const Config& config,
                                                                std::ostream* trace) {
  auto surroundings = open_surroundings(
      config, {.parts = config.simulate.peers, .peers_here = config.simulate.peers});
  if (!surroundings) return surroundings.error();
  auto state = std::make_unique<State>(config, std::move(surroundings).value(), trace);
  if (auto made = state->make_nodes(); !made) return made.error();
  return std::unique_ptr<Simulation>(
      new Simulation(std::move(state)));  // NOLINT: private constructor
}

Assembly& Simulation::assembly(std::size_t index) { return *state_->nodes.at(index).assembly; }

SimulationReport Simulation::run(
    const runtime::StopSignal& stop,
    const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  State& state = *state_;
  state.start();
  const Instant begin = state.now();
  bool in_time = true;
  if (state.config.simulate.seconds) {
    state.network.call_at(begin + runtime::from_seconds(*state.config.simulate.seconds),
                          [&in_time] { in_time = false; });
  }
  // Asking every peer how far it is costs as much as an event of each.
  const std::uint64_t progress_every = std::max<std::uint64_t>(1024, 4 * state.nodes.size());
  while (in_time && !stop.requested() && state.going_on > 0 && state.network.run_next_event()) {
    if (state.network.events_run() % progress_every == 0)
      progress(state.slowest_step(), state.nodes.front().assembly->steps());
  }
  std::vector<PeerSummary> peers;
  for (std::size_t i = 0; i < state.nodes.size(); ++i) peers.push_back(state.summary_of(i));
  std::uint64_t peer_rounds = 0;
  for (std::size_t i = 0; i < state.nodes.size(); ++i) peer_rounds += state.peer(i).status().round;
  const double seconds = runtime::to_seconds(state.now() - begin);
  SimulationReport report{.summary = add_up(state.config.run, seconds, std::move(peers)),
                          .virtual_seconds = seconds,
                          .events = state.network.events_run(),
                          .fingerprint = state.network.fingerprint(),
                          .stopped = stop.requested(),
                          .peer_rounds = peer_rounds};
  report.summary.average = state.quality_of_average(report.summary);
  return report;
}

}  // namespace peers
