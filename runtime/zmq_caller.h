#pragma once
// The other end of ZmqTransport::reply(): talks with one peer on its control channel and listens
// nowhere, so nobody has to dial it back. For commands that ask a running peer something.

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "runtime/address.h"
#include "runtime/clock.h"
#include "runtime/frame.h"
#include "runtime/peer_id.h"
#include "runtime/result.h"
#include "runtime/zmq_keys.h"

namespace runtime {

class ZmqCaller {
 public:
  struct Options {
    PeerId self{};                     // what the peer answers to; one that no peer has
    std::vector<Address> candidates;   // the peer, with each key that it may have; tried at once
    std::optional<KeyPair> keys = {};  // of whoever calls; none: without CURVE
    std::size_t message_bytes_max = 64U << 10U;
  };
  // As far as the best of the candidates has come.
  enum class Reach : std::uint8_t {
    kNobody,    // nothing answers at that address
    kSomebody,  // something does, but it does not speak as a peer does, or not with this key
    kLost,      // the connection with the peer has ended, and there is no new one
    kPeer,
  };

  // Dials in the background. Refused: an address that cannot be dialled.
  [[nodiscard]] static Result<std::unique_ptr<ZmqCaller>> open(const Options& options);
  ~ZmqCaller();
  ZmqCaller(const ZmqCaller&) = delete;
  ZmqCaller& operator=(const ZmqCaller&) = delete;

  // False: there is no peer to say it to (yet), or it has not read what it was told before.
  bool send(std::span<const Frame> message);
  // What the peer says next; empty: nothing within `timeout`.
  [[nodiscard]] std::optional<std::vector<Frame>> receive(Duration timeout);
  [[nodiscard]] Reach reach();

 private:
  struct State;
  explicit ZmqCaller(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace runtime
