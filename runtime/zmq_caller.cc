#include "runtime/zmq_caller.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <zmq.hpp>

#include "runtime/check.h"
#include "runtime/zmq_endpoint.h"
#include "runtime/zmq_sockets.h"

namespace runtime {
namespace {

using Reach = ZmqCaller::Reach;

constexpr int kWatched =
    ZMQ_EVENT_CONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED;

// A connection, and what ZeroMQ tells of it.
struct Line {
  zmq::socket_t dealer;
  zmq::socket_t events;
  Reach reach = Reach::kNobody;

  void look(MessageParts& parts) {
    while (const std::optional<std::uint16_t> event = next_event(parts)) {
      if (*event == ZMQ_EVENT_CONNECTED) reach = std::max(reach, Reach::kSomebody);
      if (*event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) reach = Reach::kPeer;
      if (*event == ZMQ_EVENT_DISCONNECTED && reach == Reach::kPeer) reach = Reach::kLost;
    }
  }

 private:
  // Two frames: the event's number with a value, and where it happened.
  std::optional<std::uint16_t> next_event(MessageParts& parts) {
    std::vector<Frame> frames;
    if (!receive_frames(events, frames, parts) || frames.empty()) return std::nullopt;
    std::uint16_t number = 0;
    CHECK(frames[0].size() >= sizeof number);
    std::memcpy(&number, frames[0].bytes().data(), sizeof number);
    return number;
  }
};

}  // namespace

struct ZmqCaller::State {
  zmq::context_t context;
  MessageParts parts;
  std::vector<Line> lines;
};

Result<std::unique_ptr<ZmqCaller>> ZmqCaller::open(const Options& options) {
  ZmqOptions zmq{.self = options.self, .control_bytes_max = options.message_bytes_max};
  zmq.linger = Duration::zero();
  if (options.keys) zmq.curve = CurveOptions{.keys = *options.keys};
  try {
    auto state = std::make_unique<State>();
    for (const Address& address : options.candidates) {
      if (Status dialable = check_dialable(address.control); !dialable) return dialable.error();
      Line line;
      line.dealer = zmq::socket_t(state->context, zmq::socket_type::dealer);
      const std::string watch = fmt::format("inproc://line-{}", state->lines.size());
      if (zmq_socket_monitor(line.dealer.handle(), watch.c_str(), kWatched) != 0)
        return Error{fmt::format("cannot watch a connection: {}", zmq_strerror(errno))};
      line.events = zmq::socket_t(state->context, zmq::socket_type::pair);
      line.events.connect(watch);
      if (Status dialled = dial(line.dealer, address, Channel::kControl, zmq); !dialled)
        return dialled.error();
      state->lines.push_back(std::move(line));
    }
    return std::unique_ptr<ZmqCaller>(new ZmqCaller(std::move(state)));
  } catch (const zmq::error_t& error) {
    return Error{fmt::format("cannot start ZeroMQ: {}", error.what())};
  }
}

ZmqCaller::ZmqCaller(std::unique_ptr<State> state) : state_(std::move(state)) {}

ZmqCaller::~ZmqCaller() {
  for (Line& line : state_->lines) close_now(line.dealer);
}

bool ZmqCaller::send(std::span<const Frame> message) {
  return std::ranges::any_of(state_->lines,
                             [&](Line& line) {
                               return send_message(line.dealer, message, state_->parts);
                             });
}

std::optional<std::vector<Frame>> ZmqCaller::receive(Duration timeout) {
  std::vector<zmq_pollitem_t> items;
  for (Line& line : state_->lines) items.push_back({line.dealer.handle(), 0, ZMQ_POLLIN, 0});
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
  const int count = zmq_poll(items.data(), static_cast<int>(items.size()), milliseconds);
  CHECK(count >= 0 || errno == EINTR);
  std::vector<Frame> frames;
  for (Line& line : state_->lines)
    if (receive_frames(line.dealer, frames, state_->parts)) return frames;
  return std::nullopt;
}

Reach ZmqCaller::reach() {
  Reach best = Reach::kNobody;
  for (Line& line : state_->lines) {
    line.look(state_->parts);
    best = std::max(best, line.reach);
  }
  return best;
}

}  // namespace runtime
