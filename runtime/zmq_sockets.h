#pragma once
// The parts of ZmqTransport that speak to libzmq: sockets with their options set, messages in and
// out. Nothing here throws.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "runtime/address.h"
#include "runtime/frame.h"
#include "runtime/pool.h"
#include "runtime/result.h"
#include "runtime/transport.h"
#include "runtime/zmq_transport.h"

namespace runtime {

// What a peer calls itself towards a ROUTER. ZeroMQ keeps ids that start with a zero byte for
// itself, hence a letter before the eight bytes; eight of its launch follow, if it is of one. So
// peers of one number whom two launchers started are two to a ROUTER: neither takes over the
// connection of the other, who would not notice and never be heard again.
[[nodiscard]] std::string routing_id_of(PeerId id, std::uint64_t launch = 0);
// None when no peer would call itself so, or one of another launch than `launch` does.
[[nodiscard]] std::optional<PeerId> peer_of(std::span<const std::byte> routing_id,
                                            std::uint64_t launch);

[[nodiscard]] const std::string& endpoint_for(const Address& address, Channel channel);

// A ROUTER that listens at the channel's endpoint; an Error says why it cannot. With CURVE the gate
// of this context has to be open.
[[nodiscard]] Result<zmq::socket_t> listen_at(zmq::context_t& context, const Address& address,
                                              Channel channel, const ZmqOptions& options);
// Lets a new DEALER dial the channel's endpoint in the background, again and again.
Status dial(zmq::socket_t& dealer, const Address& address, Channel channel,
            const ZmqOptions& options);
// Where a bound socket listens, with the port that was chosen.
[[nodiscard]] std::string endpoint_of(const zmq::socket_t& socket);
// Closes at once: what is queued is dropped.
void close_now(zmq::socket_t& socket);

// A frame in the hands of ZeroMQ, whose thread drops it. ZeroMQ's queues order the two threads; the
// flag orders them once more where a race detector can see it.
struct LentFrame {
  Frame frame;
  std::atomic<bool> lent{false};
  std::shared_ptr<LentFrame> self;  // while it is lent
  void clear() {
    frame = {};
    lent.store(false, std::memory_order_relaxed);
  }
};
// A message of ZeroMQ's that a frame refers to.
struct ReceivedPart {
  zmq::message_t message;
  void clear() { message.rebuild(); }
};
// Where a steady run has both from. Outlived by what is lent.
struct MessageParts {
  static constexpr std::size_t kFreeMax = 256;
  Pool<std::unique_ptr<LentFrame>> lent{kFreeMax};
  Pool<std::unique_ptr<ReceivedPart>> received{kFreeMax};
};

// Queues a message of one or more frames, all or nothing. False: the neighbour does not answer, or
// its queue is full.
[[nodiscard]] bool send_message(zmq::socket_t& dealer, std::span<const Frame> frames,
                                MessageParts& parts);

// How a message came.
struct Origin {
  std::string key;      // that the gate let in; empty without CURVE
  int descriptor = -1;  // of the connection as it was then
};

enum class Received : std::uint8_t { kMessage, kRefused, kNothing };
// Takes the oldest waiting message. kRefused: there was one, from nobody we know how to name, of
// another launch, or with more than kMessageFramesMax frames, and it is gone; `delivery` then holds
// nothing of use.
[[nodiscard]] Received receive_message(zmq::socket_t& router, std::uint64_t launch,
                                       Delivery& delivery, Origin& origin, MessageParts& parts);

// The frames of the oldest waiting message, all of them; false: there is none. More than
// kMessageFramesMax are cut off.
[[nodiscard]] bool receive_frames(zmq::socket_t& socket, std::vector<Frame>& frames,
                                  MessageParts& parts);

// Whether who said this is on the same machine.
[[nodiscard]] bool came_from_here(const Origin& origin);

// Ends a connection from below: ZeroMQ can refuse one, but never takes back that it let one in. If
// it had ended already and another has its descriptor, that one is dialled again.
void cut(const Origin& origin);

// Waits until one of `items` is as it is to be, which it says of itself, or for `timeout`.
void wait_for_any(std::span<zmq::pollitem_t> items, Duration timeout);

}  // namespace runtime
