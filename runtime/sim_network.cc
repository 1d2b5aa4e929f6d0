#include "runtime/sim_network.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "runtime/check.h"
#include "runtime/random.h"
#include "runtime/sim_events.h"

namespace runtime {
namespace {

constexpr std::size_t kChannelCount = 2;
constexpr double kReorderDelaysMax = 4.0;
// How much of each frame the fingerprint reads: headers lie within, megabytes of payload do not.
constexpr std::size_t kFingerprintBytesMax = 64;

std::size_t index_of(Channel channel) { return static_cast<std::size_t>(channel); }

std::uint64_t ticks_of(Instant when) {
  return static_cast<std::uint64_t>(when.time_since_epoch().count());
}

// What one channel of one link has in hand.
struct Lane {
  Instant free_at;          // when the last byte accepted so far has left
  std::size_t waiting = 0;  // messages taken and not yet received
};

// A message on its way.
struct Arrival {
  PeerId to{};
  Instant left_at;              // when its last byte left the sender
  std::uint32_t from_life = 0;  // of which life of the sender, and of the receiver, it is
  std::uint32_t to_life = 0;
  bool is_copy = false;  // a duplicate, which no lane counts
  Delivery delivery;
};
using Action = std::function<void()>;
using Event = std::variant<Arrival, Action>;

struct Waiting {
  Delivery delivery;
  bool is_copy = false;
};

struct SimPeer {
  bool alive = true;
  std::vector<Instant> deaths;  // as many as lives that have ended
  std::array<std::deque<Waiting>, kChannelCount> inbox;
  Action on_arrival;

  [[nodiscard]] std::uint32_t life() const { return static_cast<std::uint32_t>(deaths.size()); }
};

class SimClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override { return now_; }
  void move_to(Instant when) { now_ = when; }

 private:
  Instant now_;
};

Duration time_to_leave(std::span<const Frame> frames, double bandwidth_bytes) {
  if (bandwidth_bytes == 0.0) return Duration{0};
  double bytes = 0.0;
  for (const Frame& frame : frames) bytes += static_cast<double>(frame.size());
  return Duration(std::llround(bytes / bandwidth_bytes * 1e9));
}

void check_link(const Link& link) {
  CHECK(link.delay >= Duration{0} && link.bandwidth_bytes >= 0.0);
  for (const double probability :
       {link.loss_probability, link.duplicate_probability, link.reorder_probability})
    CHECK(probability >= 0.0 && probability <= 1.0);
}

}  // namespace

struct SimNetwork::State {
  class Endpoint;

  State(std::uint32_t count, std::uint64_t seed) : random(seed), peers(count) {}

  [[nodiscard]] bool knows(PeerId id) const { return value_of(id) < peers.size(); }
  [[nodiscard]] SimPeer& peer(PeerId id) {
    CHECK(knows(id));
    return peers[value_of(id)];
  }
  [[nodiscard]] std::uint64_t link_index(PeerId from, PeerId to) const {
    CHECK(knows(from) && knows(to));
    return value_of(from) * peers.size() + value_of(to);
  }
  [[nodiscard]] const Link& link(PeerId from, PeerId to) const {
    const auto own = own_links.find(link_index(from, to));
    return own == own_links.end() ? common_link : own->second;
  }
  [[nodiscard]] std::uint64_t lane_index(PeerId from, PeerId to, Channel channel) const {
    return link_index(from, to) * kChannelCount + index_of(channel);
  }
  // One message fewer waits. A lane that holds nothing any more is as good as none.
  void taken_from(PeerId from, PeerId to, Channel channel) {
    const auto lane = lanes.find(lane_index(from, to, channel));
    CHECK(lane != lanes.end() && lane->second.waiting > 0);
    if (--lane->second.waiting == 0 && lane->second.free_at <= clock.now()) lanes.erase(lane);
  }

  [[nodiscard]] bool chance(double probability) {
    return probability > 0.0 && random.uniform() < probability;
  }
  [[nodiscard]] Duration late_delay(const Link& link) {
    const double delay = static_cast<double>(link.delay.count());
    return link.delay + Duration(std::llround(random.uniform(0.0, kReorderDelaysMax) * delay));
  }

  void fold(std::uint64_t value) { fingerprint = mix_bits(fingerprint ^ value) + value; }
  void fold(std::span<const std::byte> bytes);

  Sent send(PeerId to, const Delivery& message);
  void set_off(Arrival arrival, const Link& link, bool late);
  void arrive(Arrival arrival);
  [[nodiscard]] std::size_t receive(PeerId self, std::span<Delivery> out);
  void bury(PeerId id);

  SimClock clock;
  Random random;
  SimEvents<Event> events;
  // Of N^2 pairs of peers few have a link unlike the others', or anything under way.
  Link common_link;
  std::unordered_map<std::uint64_t, Link> own_links;  // by link_index()
  std::unordered_map<std::uint64_t, Lane> lanes;      // by lane_index()
  std::vector<SimPeer> peers;
  std::vector<std::unique_ptr<Endpoint>> endpoints;
  std::uint64_t events_run = 0;
  std::uint64_t fingerprint = 0;
};

class SimNetwork::State::Endpoint final : public Transport {
 public:
  Endpoint(State& network, PeerId self) : network_(network), self_(self) {}

  Sent send(PeerId to, Channel channel, std::span<const Frame> frames) override {
    CHECK(!frames.empty() && frames.size() <= kMessageFramesMax);
    return network_.send(to, {self_, channel, {frames.begin(), frames.end()}});
  }
  [[nodiscard]] std::size_t receive(std::span<Delivery> out) override {
    return network_.receive(self_, out);
  }
  // Everybody can reach everybody here.
  Status connect(PeerId /*peer*/, const Address& /*address*/) override { return {}; }
  void disconnect(PeerId /*peer*/) override {}

 private:
  State& network_;
  PeerId self_;
};

void SimNetwork::State::fold(std::span<const std::byte> bytes) {
  fold(bytes.size());
  const auto read = bytes.first(std::min(bytes.size(), kFingerprintBytesMax));
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < read.size(); ++i) {
    word = (word << 8U) | std::to_integer<std::uint64_t>(read[i]);
    if (i % sizeof word == sizeof word - 1) fold(std::exchange(word, 0));
  }
  fold(word);
}

Sent SimNetwork::State::send(PeerId to, const Delivery& message) {
  if (!knows(to)) return Sent::kUnknownPeer;
  const PeerId from = message.from;
  // A dead neighbour's port refuses at once, as a closed socket does.
  if (!peer(from).alive || !peer(to).alive) return Sent::kQueueFull;
  Lane& lane = lanes[lane_index(from, to, message.channel)];
  if (lane.waiting >= kSimQueueMessagesMax) return Sent::kQueueFull;

  fold(value_of(from));
  fold(value_of(to));
  fold(index_of(message.channel));
  for (const Frame& frame : message.frames) fold(frame.bytes());

  const Link& link = this->link(from, to);
  check_link(link);
  if (link.cut) return Sent::kQueued;
  lane.free_at =
      std::max(lane.free_at, clock.now()) + time_to_leave(message.frames, link.bandwidth_bytes);
  const bool lost = chance(link.loss_probability);
  const bool repeated = chance(link.duplicate_probability);
  const bool late = chance(link.reorder_probability);
  Arrival arrival{.to = to,
                  .left_at = lane.free_at,
                  .from_life = peer(from).life(),
                  .to_life = peer(to).life(),
                  .is_copy = false,
                  .delivery = message};
  if (!lost) {
    ++lane.waiting;
    set_off(arrival, link, late);
  }
  arrival.is_copy = true;
  if (repeated) set_off(std::move(arrival), link, true);
  return Sent::kQueued;
}

void SimNetwork::State::set_off(Arrival arrival, const Link& link, bool late) {
  const Instant when = arrival.left_at + (late ? late_delay(link) : link.delay);
  events.add(when, std::move(arrival));
}

void SimNetwork::State::arrive(Arrival arrival) {
  const PeerId from = arrival.delivery.from;
  const Channel channel = arrival.delivery.channel;
  SimPeer& receiver = peer(arrival.to);
  const SimPeer& sender = peer(from);
  if (receiver.life() != arrival.to_life) return;  // it was sent to somebody who has died since
  const bool sender_died = sender.life() != arrival.from_life;
  if (sender_died && sender.deaths[arrival.from_life] < arrival.left_at) {
    // It died with the message still in its hands.
    if (!arrival.is_copy) taken_from(from, arrival.to, channel);
    return;
  }
  receiver.inbox[index_of(channel)].push_back({std::move(arrival.delivery), arrival.is_copy});
  // A copy, because the action may put another one in its place.
  if (const Action action = receiver.on_arrival) action();
}

std::size_t SimNetwork::State::receive(PeerId self, std::span<Delivery> out) {
  std::size_t count = 0;
  for (std::deque<Waiting>& waiting : peer(self).inbox) {
    while (count < out.size() && !waiting.empty()) {
      Waiting& oldest = waiting.front();
      if (!oldest.is_copy) taken_from(oldest.delivery.from, self, oldest.delivery.channel);
      out[count++] = std::move(oldest.delivery);
      waiting.pop_front();
    }
  }
  return count;
}

void SimNetwork::State::bury(PeerId id) {
  SimPeer& dead = peer(id);
  dead.alive = false;
  dead.deaths.push_back(clock.now());
  for (auto& waiting : dead.inbox) waiting.clear();
  for (std::uint64_t other = 0; other < peers.size(); ++other) {
    for (const Channel channel : {Channel::kControl, Channel::kBulk}) {
      if (const auto to = lanes.find(lane_index(PeerId{other}, id, channel)); to != lanes.end())
        to->second.waiting = 0;
      if (const auto from = lanes.find(lane_index(id, PeerId{other}, channel)); from != lanes.end())
        from->second.free_at = clock.now();
    }
  }
}

SimNetwork::SimNetwork(std::uint32_t peer_count, std::uint64_t seed)
    : state_(std::make_unique<State>(peer_count, seed)) {
  for (std::uint64_t id = 0; id < peer_count; ++id)
    state_->endpoints.push_back(std::make_unique<State::Endpoint>(*state_, PeerId{id}));
}
SimNetwork::~SimNetwork() = default;

Transport& SimNetwork::transport_of(PeerId id) {
  CHECK(state_->knows(id));
  return *state_->endpoints[value_of(id)];
}
const Clock& SimNetwork::clock() const { return state_->clock; }

Link& SimNetwork::link(PeerId from, PeerId to) {
  return state_->own_links.try_emplace(state_->link_index(from, to), state_->common_link)
      .first->second;
}
void SimNetwork::set_all_links(const Link& link) {
  state_->common_link = link;
  state_->own_links.clear();
}

void SimNetwork::set_alive(PeerId id, bool alive) {
  if (state_->peer(id).alive == alive) return;
  if (alive)
    state_->peer(id).alive = true;
  else
    state_->bury(id);
}

void SimNetwork::call_at(Instant when, std::function<void()> action) {
  state_->events.add(std::max(when, state_->clock.now()), std::move(action));
}
void SimNetwork::on_arrival(PeerId id, std::function<void()> action) {
  state_->peer(id).on_arrival = std::move(action);
}

bool SimNetwork::run_next_event() {
  if (state_->events.empty()) return false;
  auto [when, number, event] = state_->events.take();
  state_->clock.move_to(when);
  ++state_->events_run;
  state_->fold(number);
  state_->fold(ticks_of(when));
  if (Arrival* arrival = std::get_if<Arrival>(&event))
    state_->arrive(std::move(*arrival));
  else
    std::get<Action>(event)();
  return true;
}

std::uint64_t SimNetwork::events_run() const { return state_->events_run; }
std::uint64_t SimNetwork::fingerprint() const { return state_->fingerprint; }

}  // namespace runtime
