// The part of Simulation that starts peers again: with what they saved, by the code of real ones.
#include <algorithm>
#include <utility>

#include "peers/checkpoints.h"
#include "peers/config_members.h"
#include "peers/former_life.h"
#include "peers/launch_names.h"
#include "peers/launch_resume.h"
#include "peers/simulation_state.h"
#include "runtime/check.h"

namespace peers {

using runtime::PeerId;

Config Simulation::State::config_of(std::size_t i) const {
  Config mine = config;
  mine.peer.name = launched_name(i);
  return mine;
}

void Simulation::State::save(std::size_t i) {
  Node& node = nodes[i];
  if (node.restarts_to_come == 0) return;  // nobody would read it
  node.saved_at = now();
  node.disk.save(*node.assembly, *surroundings.backend,
                 note_of(*node.assembly, config_of(i), *node.disk.identity()));
}

void Simulation::State::save_if_due(std::size_t i) {
  const double every = config.checkpoint.every_seconds;
  if (every > 0.0 && runtime::to_seconds(now() - nodes[i].saved_at) >= every) save(i);
}

bool Simulation::State::anybody_there() const {
  return std::ranges::any_of(
      nodes, [](const Node& node) { return node.alive && node.coming == Coming::kHere; });
}

bool Simulation::State::anybody_to_come() const {
  return std::ranges::any_of(nodes, [](const Node& node) { return node.restarts_to_come > 0; });
}

// By the list of members, where there is one. Else into the run by the door, where there is a run,
// or together, as a launcher goes on with one.
void Simulation::State::restart(std::vector<std::uint64_t> group) {
  // Who had finished when it was told to leave is done.
  std::erase_if(group, [this](std::uint64_t i) {
    const bool done = nodes[i].alive && nodes[i].ended;
    if (done) --nodes[i].restarts_to_come;
    return done;
  });
  for (const std::uint64_t i : group)
    if (nodes[i].alive) crash(i);  // it has not left yet
  if (!listed.empty()) {
    for (const std::uint64_t i : group) restart_by_list(i);
    return;
  }
  const bool together = !anybody_there();
  std::vector<PeerId> ids;
  for (const std::uint64_t i : group) ids.push_back(id_of(i));
  std::ranges::sort(ids);
  std::vector<FormerLife> former = former_lives(group, together);
  std::vector<gossip::Contact> contacts(group.size());
  for (std::size_t k = 0; k < group.size(); ++k) {
    const Identity identity = start_again(group[k], former[k], together ? &ids : nullptr);
    contacts[k].id = identity.id;
    contacts[k].incarnation = identity.incarnation;
  }
  for (const std::uint64_t i : group) {
    if (!together) {
      knock(i);
      continue;
    }
    peer(i).meet(contacts, false, now());
    begin(i);
  }
}

// Where peers restart, they know each other from the start by the list that they are given.
void Simulation::State::read_list() {
  if (!anybody_to_come()) return;
  for (const std::string& line : config.membership.members) {
    const ListedMember member = parse_member(line).value();  // it was checked
    listed.push_back({member.id, member.incarnation, member.name, member.address});
  }
  for (std::size_t i = 0; i < nodes.size() && !listed.empty(); ++i)
    peer(i).meet(listed, false, now());
}

// Each by itself, whoever else is there.
void Simulation::State::restart_by_list(std::size_t i) {
  std::vector<PeerId> ids;
  for (const gossip::Contact& contact : listed) ids.push_back(contact.id);
  std::ranges::sort(ids);
  FormerLife former = std::move(former_lives({i}, false).front());
  const bool came_back = former.step().has_value();
  static_cast<void>(start_again(i, former, &ids));
  peer(i).meet(listed, came_back, now());
  begin(i);
}

// As checkpoint.resume says. Of those who start together one that has saved nothing begins with
// what another has.
std::vector<FormerLife> Simulation::State::former_lives(const std::vector<std::uint64_t>& group,
                                                        bool together) const {
  std::vector<std::optional<CheckpointNote>> latest(group.size());
  for (std::size_t k = 0; k < group.size() && config.checkpoint.resume != "none"; ++k)
    if (const auto file = nodes[group[k]].disk.latest()) latest[k] = file->note();
  const auto beginnings = together ? beginnings_of(latest) : std::nullopt;
  std::vector<FormerLife> lives;
  for (std::size_t k = 0; k < group.size(); ++k) {
    std::optional<CheckpointFile> estimate;
    std::optional<CheckpointFile> position;
    const std::size_t whose = beginnings ? beginnings->estimates[k] : k;
    if (latest[whose]) estimate = nodes[group[whose]].disk.latest();
    if (beginnings && config.gossip.pace == "sync")
      position = nodes[group[beginnings->position]].disk.latest();
    lives.emplace_back(config_of(group[k]), std::move(estimate), std::move(position));
  }
  return lives;
}

// As a process does until it listens.
Identity Simulation::State::start_again(std::size_t i, FormerLife& former,
                                        const std::vector<PeerId>* together) {
  Node& node = nodes[i];
  const Identity identity = former.identity_now(node.disk.identity(), id_of(i), id_of(i));
  auto assembly =
      Assembly::create(config_of(i), surroundings,
                       {.index = i,
                        .id = identity.id,
                        .incarnation = identity.incarnation,
                        .members = together == nullptr ? std::vector{id_of(i)} : *together,
                        .virtual_time = true},
                       now());
  CHECK(assembly.ok());  // it could be made at the start
  CHECK(former.go_on(**assembly, *surroundings.backend, together == nullptr).ok());
  node.assembly = std::move(assembly).value();
  node.disk.write_identity(identity);
  node.newcomer.reset();
  node.missed.clear();
  node.alive = true;
  node.frozen = node.waiting = node.push_due = node.diverged = false;
  node.coming = Coming::kHere;
  node.leaving = Leaving::kNo;
  node.saved_at = now();
  ++node.life;
  --node.restarts_to_come;
  if (std::exchange(node.ended, false)) ++going_on;
  network.set_alive(id_of(i), true);
  return identity;
}

}  // namespace peers
