#include "runtime/zmq_transport.h"

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <utility>
#include <vector>

#include "runtime/zmq_gate.h"
#include "runtime/zmq_sockets.h"

namespace runtime {
namespace {

constexpr std::array kChannels{Channel::kControl, Channel::kBulk};

struct Neighbour {
  Address address;
  std::array<zmq::socket_t, kChannels.size()> dealers;
};

std::size_t index_of(Channel channel) { return static_cast<std::size_t>(channel); }

// The only refusal of a valid counter is that it is full, and then wait() will return anyway.
void wake_up(int descriptor) {
  const std::uint64_t one = 1;
  CHECK(::write(descriptor, &one, sizeof one) > 0 || errno == EAGAIN);
}

}  // namespace

// The context comes before its sockets: it may only end after them, and so the gate.
struct ZmqTransport::State {
  explicit State(const ZmqOptions& chosen) : options(chosen) {}
  ~State() {
    gate.reset();  // its thread wakes receive()
    if (wake_fd >= 0) ::close(wake_fd);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  // With CURVE: whether who came by this key may say what it says it is.
  [[nodiscard]] bool may_speak(PeerId from, const Origin& origin) const {
    if (!authorized->contains(origin.key)) return false;
    const auto known = neighbours.find(from);
    return known == neighbours.end() || known->second.address.key == origin.key;
  }

  // Of neighbours without keys it does not matter, and looking costs a call of the system.
  [[nodiscard]] bool trusts(PeerId from, const Origin& origin) const {
    return authorized != nullptr || (!neighbours.contains(from) && came_from_here(origin));
  }

  ZmqOptions options;
  zmq::context_t context;
  std::unique_ptr<ZmqGate> gate;               // none without CURVE
  std::shared_ptr<const KeyNames> authorized;  // as of the last receive()
  std::array<zmq::socket_t, kChannels.size()> routers;
  std::map<PeerId, Neighbour> neighbours;
  std::vector<void*> full;  // dealers that have had no room since wait() last saw some
  std::vector<zmq::pollitem_t> waited_for;  // wait()'s own, kept for its memory
  MessageParts parts;
  Address address;
  int wake_fd = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  std::uint64_t refused_count = 0;
};

Result<std::unique_ptr<ZmqTransport>> ZmqTransport::open(const ZmqOptions& options) {
  const Result<Address> wanted = endpoints_of(options.listen);
  if (!wanted) return wanted.error();
  std::unique_ptr<State> state;
  try {
    state = std::make_unique<State>(options);
  } catch (const zmq::error_t& error) {
    return Error{fmt::format("cannot start ZeroMQ: {}", error.what())};
  }
  if (state->wake_fd < 0)
    return Error{fmt::format("cannot make an event descriptor: {}", std::strerror(errno))};
  if (options.curve) {
    const auto wake = [descriptor = state->wake_fd] { wake_up(descriptor); };
    auto gate = ZmqGate::open(state->context, *options.curve, wake);
    if (!gate) return gate.error();
    state->gate = std::move(gate).value();
  }
  for (const Channel channel : kChannels) {
    Result<zmq::socket_t> router = listen_at(state->context, *wanted, channel, state->options);
    if (!router) return router.error();
    state->routers[index_of(channel)] = std::move(router).value();
  }
  state->address = {.control = endpoint_of(state->routers[index_of(Channel::kControl)]),
                    .bulk = endpoint_of(state->routers[index_of(Channel::kBulk)]),
                    .key = options.curve ? options.curve->keys.public_key : ""};
  return std::unique_ptr<ZmqTransport>(new ZmqTransport(std::move(state)));
}

ZmqTransport::ZmqTransport(std::unique_ptr<State> state) : state_(std::move(state)) {}
ZmqTransport::~ZmqTransport() = default;

const Address& ZmqTransport::address() const { return state_->address; }
std::uint64_t ZmqTransport::refused_count() const { return state_->refused_count; }

void ZmqTransport::set_launch(std::uint64_t launch) {
  CHECK(state_->neighbours.empty());
  state_->options.launch = launch;
}

std::shared_ptr<const KeyNames> ZmqTransport::authorized_keys() const {
  return state_->gate ? state_->gate->admitted() : nullptr;
}

std::uint64_t ZmqTransport::turned_away_count() const {
  return state_->gate ? state_->gate->turned_away_count() : 0;
}

Status ZmqTransport::connect(PeerId peer, const Address& address) {
  const auto known = state_->neighbours.find(peer);
  if (known != state_->neighbours.end() && known->second.address == address) return {};
  if (const auto authorized = authorized_keys(); authorized && !authorized->contains(address.key))
    return Error{fmt::format("{}: {}", address.control,
                             address.key.empty() ? "has no key, and security.mode is \"curve\""
                                                 : "its key is not authorized")};
  Neighbour neighbour{.address = address, .dealers = {}};
  for (const Channel channel : kChannels) {
    const std::string& endpoint = endpoint_for(address, channel);
    if (endpoint.empty()) continue;  // as Address allows
    if (Status dialable = check_dialable(endpoint); !dialable) return dialable;
    zmq::socket_t& dealer = neighbour.dealers[index_of(channel)];
    dealer = zmq::socket_t(state_->context, zmq::socket_type::dealer);
    if (Status dialled = dial(dealer, address, channel, state_->options); !dialled) return dialled;
  }
  disconnect(peer);
  state_->neighbours.emplace(peer, std::move(neighbour));
  return {};
}

void ZmqTransport::disconnect(PeerId peer) {
  const auto known = state_->neighbours.find(peer);
  if (known == state_->neighbours.end()) return;
  for (zmq::socket_t& dealer : known->second.dealers) {
    std::erase(state_->full, dealer.handle());
    if (dealer) close_now(dealer);
  }
  state_->neighbours.erase(known);
}

void ZmqTransport::disconnect_unauthorized() {
  std::vector<PeerId> out;
  for (const auto& [peer, neighbour] : state_->neighbours)
    if (!state_->authorized->contains(neighbour.address.key)) out.push_back(peer);
  for (const PeerId peer : out) disconnect(peer);
}

Sent ZmqTransport::send(PeerId to, Channel channel, std::span<const Frame> frames) {
  CHECK(!frames.empty() && frames.size() <= kMessageFramesMax);
  const std::size_t bytes_max = channel == Channel::kControl ? state_->options.control_bytes_max
                                                             : state_->options.message_bytes_max;
  for (const Frame& frame : frames) CHECK(frame.size() <= bytes_max);
  const auto known = state_->neighbours.find(to);
  if (known == state_->neighbours.end()) return Sent::kUnknownPeer;
  zmq::socket_t& dealer = known->second.dealers[index_of(channel)];
  if (!dealer) return Sent::kUnknownPeer;
  if (send_message(dealer, frames, state_->parts)) return Sent::kQueued;
  if (std::ranges::find(state_->full, dealer.handle()) == state_->full.end())
    state_->full.push_back(dealer.handle());
  return Sent::kQueueFull;
}

std::size_t ZmqTransport::receive(std::span<Delivery> out) {
  std::size_t count = 0;
  if (auto authorized = authorized_keys(); authorized != state_->authorized) {
    state_->authorized = std::move(authorized);
    disconnect_unauthorized();
  }
  Origin origin;
  for (const Channel channel : kChannels) {
    zmq::socket_t& router = state_->routers[index_of(channel)];
    // A flood of refused messages must not keep this call from returning: after as many as there
    // was room for, the rest waits for the next call.
    std::size_t refused = 0;
    while (count < out.size() && refused < out.size()) {
      const Received received =
          receive_message(router, state_->options.launch, out[count], origin, state_->parts);
      if (received == Received::kNothing) break;
      const bool refuses_key = state_->authorized && received == Received::kMessage &&
                               !state_->may_speak(out[count].from, origin);
      if (refuses_key) cut(origin);
      if (refuses_key || received == Received::kRefused) {
        ++refused;
        continue;
      }
      out[count].channel = channel;
      out[count].trusted = state_->trusts(out[count].from, origin);
      ++count;
    }
    state_->refused_count += refused;
  }
  return count;
}

void ZmqTransport::reply(PeerId to, std::span<const Frame> frames) {
  const std::string routing_id = routing_id_of(to);
  std::vector<Frame> message{Frame::of(
      {std::as_bytes(std::span(routing_id)).begin(), std::as_bytes(std::span(routing_id)).end()})};
  message.insert(message.end(), frames.begin(), frames.end());
  static_cast<void>(
      send_message(state_->routers[index_of(Channel::kControl)], message, state_->parts));
}

void ZmqTransport::wait(Duration timeout) {
  std::vector<zmq::pollitem_t>& items = state_->waited_for;
  items.assign({{nullptr, state_->wake_fd, ZMQ_POLLIN, 0}});
  for (zmq::socket_t& router : state_->routers)
    items.push_back({router.handle(), 0, ZMQ_POLLIN, 0});
  const std::size_t dealers_from = items.size();
  for (void* const dealer : state_->full) items.push_back({dealer, 0, ZMQ_POLLOUT, 0});
  wait_for_any(items, timeout);
  // Said once: whoever has nothing more to send there is not woken again.
  state_->full.clear();
  for (const zmq::pollitem_t& item : std::span(items).subspan(dealers_from))
    if (item.revents == 0) state_->full.push_back(item.socket);
  // Forgets every wake() so far; with none the read says EAGAIN.
  std::uint64_t wakes = 0;
  CHECK(::read(state_->wake_fd, &wakes, sizeof wakes) > 0 || errno == EAGAIN || errno == EINTR);
}

void ZmqTransport::wake() { wake_up(state_->wake_fd); }

}  // namespace runtime
