#pragma once
// The seam to the network: send these frames there; here are frames that came.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "runtime/address.h"
#include "runtime/frame.h"
#include "runtime/peer_id.h"
#include "runtime/result.h"

namespace runtime {

// Two lanes that cannot hold each other up: small urgent messages (acknowledgements, heartbeats)
// never queue behind megabytes of parameters.
enum class Channel : std::uint8_t { kControl, kBulk };

// What came, from whom. `from` is what the sender calls itself: a claim, until the wire format has
// been checked.
struct Delivery {
  PeerId from{};
  Channel channel = Channel::kControl;
  std::vector<Frame> frames;
  // Whether it came by an authorized key or from this machine. False also where that was not looked
  // at: of a neighbour, in virtual time.
  bool trusted = false;
};

// No message has more frames: what is built to be larger is a bug, what comes larger is dropped.
inline constexpr std::size_t kMessageFramesMax = 64;

// On the type, not on send(): g++ 12 stays silent when a *virtual* [[nodiscard]] is dropped.
enum class [[nodiscard]] Sent : std::uint8_t{kQueued, kQueueFull, kUnknownPeer};

// Carries messages of one or more frames between peers. Best effort: a message may be lost, late,
// repeated or out of order; it is never torn, never altered, never mixed with another.
//
// One thread only. Neither call blocks: waiting belongs to the driver that owns the clock (wall
// time: peers/driver, virtual time: SimNetwork), never to a peer.
class Transport {
 public:
  Transport() = default;
  virtual ~Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  // Offers a message for delivery to `to`. On anything but kQueued it was not taken: whatever it
  // carried is still the caller's. The frames' bytes are referenced, not copied, until they have
  // left.
  virtual Sent send(PeerId to, Channel channel, std::span<const Frame> frames) = 0;

  // Where `peer` is from now on. Dials in the background; the same address again changes nothing.
  virtual Status connect(PeerId peer, const Address& address) = 0;
  virtual void disconnect(PeerId peer) = 0;  // what is queued for it is dropped

  // Moves at most `out.size()` arrived messages into `out`, control first, oldest first within a
  // channel; returns how many.
  [[nodiscard]] virtual std::size_t receive(std::span<Delivery> out) = 0;
};

}  // namespace runtime
