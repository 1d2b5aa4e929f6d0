#pragma once
// Membership alone, of many peers on one simulated network: no parameters, no mass. What passes is
// what Exchange would pass (heartbeats with probes and rumours, hellos of those who come back,
// obituaries to the dead). Who has stood still sees what is overdue before it reads what has come
// meanwhile: the worse of the two orders, and not the one in which a gossip thread takes things.
// Messages are counted at the size that they have on the wire.

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "gossip/membership/membership.h"
#include "gossip/wire.h"
#include "runtime/check.h"
#include "runtime/random.h"
#include "runtime/sim_network.h"

namespace test {

struct MembershipWorldOptions {
  std::size_t peers = 8;
  runtime::Link link{.delay = std::chrono::milliseconds(1)};
  runtime::Duration probe_interval{200'000'000};
  double suspicion_multiplier = 7.0;
  std::uint64_t seed = 1;
};

// A change that `observer` has come to know of; `wrong`: a death of one that lives.
struct SeenChange {
  runtime::PeerId observer{};
  gossip::Change change{};
  bool wrong = false;
  runtime::Instant at{};
};

// `Detector`: gossip::Membership, or PlainSwim.
template <typename Detector>
class MembershipWorld {
 public:
  explicit MembershipWorld(const MembershipWorldOptions& options)
      : options_(options),
        random_(options.seed, 77),
        network_(static_cast<std::uint32_t>(options.peers), options.seed),
        nodes_(options.peers) {
    network_.set_all_links(options.link);
    std::vector<runtime::PeerId> ids;
    for (std::uint64_t i = 0; i < options.peers; ++i) ids.push_back(runtime::PeerId{i});
    const gossip::PeerList all(ids);
    for (const runtime::PeerId id : ids) {
      node(id).id = id;
      begin_life(node(id), all);
      network_.on_arrival(id, [this, id] { turn(node(id)); });
    }
    for (std::size_t rumours = 0; rumours <= gossip::kRumoursMax; ++rumours)
      bytes_of_beat_[rumours] = measured_beat(rumours);
  }

  std::function<void(const SeenChange&)> on_change;  // told of each

  [[nodiscard]] runtime::Instant now() const { return network_.clock().now(); }
  void run_for(runtime::Duration span) {
    const runtime::Instant end = now() + span;
    bool reached = false;
    network_.call_at(end, [&reached] { reached = true; });
    while (!reached) CHECK(network_.run_next_event());
  }
  void call_at(runtime::Instant when, std::function<void()> action) {
    network_.call_at(when, std::move(action));
  }
  [[nodiscard]] runtime::Random& random() { return random_; }

  void crash(runtime::PeerId id) {
    node(id).alive = false;
    network_.set_alive(id, false);
  }
  // As its next incarnation. Whom to greet a newcomer hears at the door; here it knows.
  void come_back(runtime::PeerId id) {
    CHECK(!node(id).alive);
    network_.set_alive(id, true);
    node(id).alive = true;
    start_again(node(id), gossip::PeerList(living()));
  }
  // The process does nothing for so long, and what is sent to it waits.
  void stand_still(runtime::PeerId id, runtime::Duration span) {
    node(id).still_until = std::max(node(id).still_until, now() + span);
    network_.call_at(node(id).still_until, [this, id] { turn(node(id)); });
  }

  [[nodiscard]] bool is_alive(runtime::PeerId id) { return node(id).alive; }
  [[nodiscard]] std::vector<runtime::PeerId> living() const {
    std::vector<runtime::PeerId> ids;
    for (const Node& each : nodes_)
      if (each.alive) ids.push_back(each.id);
    return ids;
  }
  [[nodiscard]] const Detector& membership(runtime::PeerId id) { return *node(id).membership; }
  [[nodiscard]] std::uint64_t messages() const { return messages_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] std::uint64_t fingerprint() const { return network_.fingerprint(); }

 private:
  struct Node {
    runtime::PeerId id{};
    std::uint64_t incarnation = 0;
    bool alive = true;
    std::unique_ptr<Detector> membership;
    std::set<runtime::PeerId> unanswered;  // hellos
    runtime::Instant still_until{};
    runtime::Instant timer_at = runtime::Instant::max();  // the one that counts
    runtime::Instant greet_at{};
    runtime::Instant knock_at{};
  };
  enum class Kind : std::uint8_t { kBeat, kHello };
  struct Said {
    Kind kind = Kind::kBeat;
    std::uint64_t incarnation = 0;
    gossip::Probe probe{};
    std::vector<gossip::Rumour> rumours{};
  };
  static constexpr runtime::Duration kGreetEvery{250'000'000};  // as Exchange does
  static constexpr runtime::Duration kKnockEvery{1'000'000'000};
  static constexpr std::size_t kTaken = 16;  // messages at a time

  Node& node(runtime::PeerId id) { return nodes_[runtime::value_of(id)]; }

  static std::size_t measured_beat(std::size_t rumours) {
    gossip::Heartbeat beat;
    beat.rumours.resize(rumours);
    return bytes_of({}, beat);
  }
  static std::size_t bytes_of(const gossip::Sender& from, const gossip::Body& body) {
    std::size_t bytes = 0;
    for (const runtime::Frame& frame : gossip::encode(from, body)) bytes += frame.size();
    return bytes;
  }

  void begin_life(Node& node, const gossip::PeerList& members) {
    ++node.incarnation;
    node.membership = std::make_unique<Detector>(
        gossip::MembershipOptions{.self = node.id,
                                  .incarnation = node.incarnation,
                                  .probe_interval = options_.probe_interval,
                                  .suspicion_multiplier = options_.suspicion_multiplier,
                                  .seed = options_.seed},
        gossip::Members(node.id, members, now()), now());
    node.unanswered.clear();
    set_timer(node);
  }
  void start_again(Node& node, const gossip::PeerList& members) {
    begin_life(node, members);
    for (const runtime::PeerId member : members)
      if (member != node.id) node.unanswered.insert(member);
    node.greet_at = now();
    turn(node);
  }

  void set_timer(Node& node) {
    const runtime::Instant due = node.membership->next_tick();
    if (due == node.timer_at) return;
    node.timer_at = due;
    network_.call_at(due, [this, id = node.id, due] {
      if (this->node(id).timer_at == due) turn(this->node(id));
    });
  }

  void turn(Node& node) {
    if (!node.alive || now() < node.still_until) return;
    std::array<runtime::Delivery, kTaken> arrived;
    std::size_t count = 0;
    do {
      if (now() >= node.membership->next_tick()) node.membership->tick(now());
      count = network_.transport_of(node.id).receive(arrived);
      for (std::size_t i = 0; i < count; ++i) hear(node, std::exchange(arrived[i], {}));
      follow(node);
    } while (count == kTaken);
    greet(node);
    knock(node);
    if (node.membership->expelled()) {
      const gossip::PeerList copy(
          node.membership->members().living_list());  // its former life goes
      return start_again(node, copy);
    }
    set_timer(node);
  }

  // In words of eight bytes, so that no byte is left to chance.
  static runtime::Frame frame_of(const Said& said) {
    std::vector<std::uint64_t> words{static_cast<std::uint64_t>(said.kind), said.incarnation,
                                     static_cast<std::uint64_t>(said.probe.kind), said.probe.number,
                                     runtime::value_of(said.probe.about)};
    for (const gossip::Rumour& rumour : said.rumours)
      words.insert(words.end(),
                   {runtime::value_of(rumour.about), rumour.incarnation, rumour.refutation,
                    static_cast<std::uint64_t>(rumour.state), runtime::value_of(rumour.from)});
    std::vector<std::byte> bytes(words.size() * sizeof(std::uint64_t));
    std::memcpy(bytes.data(), words.data(), bytes.size());
    return runtime::Frame::of(std::move(bytes));
  }
  static Said said_in(const runtime::Frame& frame) {
    std::vector<std::uint64_t> words(frame.size() / sizeof(std::uint64_t));
    std::memcpy(words.data(), frame.bytes().data(), frame.size());
    Said said{
        .kind = static_cast<Kind>(words[0]),
        .incarnation = words[1],
        .probe = {static_cast<gossip::Probe::Kind>(words[2]), words[3], runtime::PeerId{words[4]}}};
    for (std::size_t i = 5; i < words.size(); i += 5)
      said.rumours.push_back({runtime::PeerId{words[i]}, words[i + 1], words[i + 2],
                              static_cast<gossip::MemberState>(words[i + 3]),
                              runtime::PeerId{words[i + 4]}});
    return said;
  }

  void hear(Node& node, const runtime::Delivery& delivery) {
    const Said said = said_in(delivery.frames.at(0));
    const runtime::PeerId from = delivery.from;
    Detector& membership = *node.membership;
    if (said.kind == Kind::kHello) return hear_hello(node, from, said.incarnation);
    const bool known =
        membership.members().is_living(from) && membership.recognises(from, said.incarnation);
    if (!known) {  // an obituary, or nothing
      const bool of_self = said.rumours.size() == 1 && said.rumours[0].about == node.id &&
                           said.rumours[0].state == gossip::MemberState::kDead;
      if (of_self) membership.hear(said.rumours[0], now());
      return;
    }
    node.unanswered.erase(from);
    membership.heard(from, now());
    membership.hear(from, said.probe, now());
    for (const gossip::Rumour& rumour : said.rumours) membership.hear(rumour, now());
  }
  void hear_hello(Node& node, runtime::PeerId from, std::uint64_t incarnation) {
    Detector& membership = *node.membership;
    const bool living = membership.members().is_living(from);
    const std::uint64_t known = membership.incarnation_of(from).value_or(0);
    if (!living && incarnation <= known) return;  // of a life that is over
    if (living && incarnation > known && known != 0) membership.left(from);
    if (!living || incarnation > known) membership.joined(from, incarnation, now());
    say(node, from, {});
  }

  void follow(Node& node) {
    for (const gossip::Change& change : node.membership->take_changes()) {
      if (!on_change) continue;
      const Node& about = this->node(change.peer);
      const bool current =
          node.membership->incarnation_of(change.peer).value_or(0) == about.incarnation;
      const bool wrong = change.state == gossip::MemberState::kDead && about.alive && current;
      on_change({node.id, change, wrong, now()});
    }
    for (const gossip::Question& question : node.membership->take_questions())
      say(node, question.to, question.probe);
  }
  void greet(Node& node) {
    if (node.unanswered.empty() || now() < node.greet_at) return;
    node.greet_at = now() + kGreetEvery;
    std::erase_if(node.unanswered, [&](runtime::PeerId peer) {
      return !node.membership->members().is_living(peer);
    });
    for (const runtime::PeerId peer : node.unanswered)
      send(node, peer, {.kind = Kind::kHello, .incarnation = node.incarnation});
  }
  void knock(Node& node) {
    if (now() < node.knock_at) return;
    node.knock_at = now() + kKnockEvery;
    const gossip::Members& members = node.membership->members();
    if (members.all().size() == members.living().size()) return;
    std::vector<runtime::PeerId> dead;
    for (const runtime::PeerId peer : members.all())
      if (members.state(peer) == gossip::MemberState::kDead) dead.push_back(peer);
    if (dead.empty()) return;
    const runtime::PeerId peer = dead[random_.below(dead.size())];
    send(node, peer,
         {.incarnation = node.incarnation, .rumours = {node.membership->obituary(peer)}});
  }

  void say(Node& node, runtime::PeerId to, const gossip::Probe& probe) {
    send(node, to,
         {.incarnation = node.incarnation,
          .probe = probe,
          .rumours = node.membership->rumours_for(to)});
  }
  void send(Node& node, runtime::PeerId to, const Said& said) {
    ++messages_;
    bytes_ += bytes_of_beat_[said.rumours.size()];  // a hello is about as long as a beat
    const std::array frames{frame_of(said)};
    // What finds no room is lost.
    static_cast<void>(network_.transport_of(node.id).send(to, runtime::Channel::kControl, frames));
  }

  MembershipWorldOptions options_;
  runtime::Random random_;
  runtime::SimNetwork network_;
  std::vector<Node> nodes_;
  std::array<std::size_t, gossip::kRumoursMax + 1> bytes_of_beat_{};
  std::uint64_t messages_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace test
