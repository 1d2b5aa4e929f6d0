#pragma once
// The real network: ZeroMQ over tcp or ipc. The only files that name zmq are this header's body and
// its parts.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "runtime/authorized_keys.h"
#include "runtime/clock.h"
#include "runtime/peer_id.h"
#include "runtime/result.h"
#include "runtime/transport.h"
#include "runtime/zmq_endpoint.h"
#include "runtime/zmq_keys.h"

namespace runtime {

struct ZmqOptions {
  PeerId self{};
  // The launch that this peer is of, 0: of none. Two launches of one config on one machine have
  // peers of the same numbers, and one may listen at a port that one of the other has left, where
  // those who have not noticed yet still dial it: messages of another launch are refused.
  std::uint64_t launch = 0;
  // Where to bind. Port 0: any free one. A given tcp port p serves control and p + 1 bulk; an ipc
  // path serves control and path + ".bulk" bulk.
  std::string listen = "tcp://127.0.0.1:0";
  std::size_t queue_messages_max =
      32;  // per neighbour and channel, each way; full: send() says kQueueFull
  // A larger frame from the network closes that connection; of large ones fewer wait in a queue.
  std::size_t message_bytes_max = 64U << 20U;
  std::size_t control_bytes_max = 64U << 20U;  // the same, on the control channel
  Duration linger{1'000'000'000};  // how long closing waits for the last messages to leave
  // Encrypts every connection and lets in authorized keys only. None: anybody may come, and talk
  // can be read.
  std::optional<CurveOptions> curve = {};
};

// One ROUTER is bound per channel for what comes in; one DEALER per neighbour and channel goes out
// (the Guide's Harmony pattern: a ROUTER drops silently what it cannot route, a DEALER says that it
// is full). Messages to a neighbour that has not answered yet are refused with kQueueFull rather
// than hoarded.
//
// With CURVE an address has to carry the key of who is there (connect() refuses one that is not
// authorized), and what comes is refused unless the key that brought it is authorized at that
// moment, and is that of the peer it says it is from, where that peer is connected to. When a key
// is taken out, receive() disconnects from its owner, and cuts the owner's connections as soon as
// they say something.
//
// One thread owns send, receive, wait, connect and disconnect; wake() may be called from any
// thread.
class ZmqTransport final : public Transport {
 public:
  // Binds. Refused: a port in use, an address that is not ours, a scheme other than tcp and ipc.
  [[nodiscard]] static Result<std::unique_ptr<ZmqTransport>> open(const ZmqOptions& options);
  ~ZmqTransport() override;

  [[nodiscard]] const Address& address() const;  // with the ports that were chosen

  // Sets ZmqOptions::launch, before the first connect(): it may follow from addresses.
  void set_launch(std::uint64_t launch);

  Status connect(PeerId peer, const Address& address) override;
  void disconnect(PeerId peer) override;
  Sent send(PeerId to, Channel channel, std::span<const Frame> frames) override;
  [[nodiscard]] std::size_t receive(std::span<Delivery> out) override;

  // Says something to whoever spoke last on the control channel under this name, by the connection
  // on which it did: one that listens nowhere (runtime/zmq_caller.h). Dropped where it is gone.
  void reply(PeerId to, std::span<const Frame> frames);

  // Returns when a message has arrived, a queue that was full has room, wake() was called, or
  // `timeout` has passed.
  void wait(Duration timeout);
  void wake();

  // Messages that came and were dropped: from a sender whose name is no PeerId, with more than
  // kMessageFramesMax frames, or by a key that may not say this.
  [[nodiscard]] std::uint64_t refused_count() const;

  // Who is let in, as of now; null without CURVE. Another pointer whenever that has changed, and
  // wait() returns then. Any thread.
  [[nodiscard]] std::shared_ptr<const KeyNames> authorized_keys() const;
  [[nodiscard]] std::uint64_t turned_away_count() const;  // handshakes refused, any thread

 private:
  struct State;
  explicit ZmqTransport(std::unique_ptr<State> state);
  void disconnect_unauthorized();
  std::unique_ptr<State> state_;
};

}  // namespace runtime
