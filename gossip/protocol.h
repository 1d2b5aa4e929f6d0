#pragma once
// What a peer hands out in a round, and what of it it keeps: all that differs from protocol to
// protocol. Parcels, edges, inbox and mass are the same for all.

#include <cstdint>
#include <memory>
#include <span>

#include "gossip/codec.h"
#include "gossip/layout.h"
#include "gossip/mass.h"
#include "gossip/parcel.h"
#include "gossip/topology.h"
#include "gossip/weighting.h"
#include "kernels/backend.h"

namespace gossip {

// Who pushes to whom, and how much.
struct Graph {
  const Topology* topology = nullptr;
  const Weighting* weighting = nullptr;
};

// A push about to be made.
struct Offer {
  std::uint64_t round = 0;
  std::span<const std::uint32_t> blocks{};
  std::uint64_t seed = 0;     // as Encoder::begin
  kernels::ConstView step{};  // what the last step has added to x, on the device
};

// The trainer's, but for graph(), which any thread may ask.
class Protocol {
 public:
  virtual ~Protocol() = default;

  // The same at every peer of a run in step.
  [[nodiscard]] virtual Graph graph(std::uint64_t round) const = 0;

  // Whether `peer`, one of the living members, asks others for answers; whoever does not may be
  // asked. Only where pushes are requests.
  [[nodiscard]] virtual bool asks(std::span<const runtime::PeerId> /*living*/,
                                  runtime::PeerId /*peer*/) const {
    return false;
  }

  // What receivers get shares of, encoded once whatever their number.
  [[nodiscard]] virtual std::shared_ptr<const Snapshot> offer(Mass& mass, const Offer& offer) = 0;

  // Shares of this block were handed out; `kept`, one less their sum, is left.
  virtual void keep(Mass& mass, const Snapshot& offered, std::uint32_t block, double kept) = 0;
};

struct ProtocolOptions {
  ParcelKind parcels = ParcelKind::kMass;  // which protocol: that whose parcels are of this kind
  Graph graph{};                           // of the run
  const Codec* codec = nullptr;            // these three outlive it
  const BlockLayout* layout = nullptr;
  kernels::Backend* backend = nullptr;
  std::uint64_t average_every = 1;  // steps: rounds from one average of all models to the next
  std::uint64_t steps = 0;          // steps: so many rounds have one, the later ones none
  std::uint64_t seed = 0;           // requests: of whom to ask
};

[[nodiscard]] std::unique_ptr<Protocol> make_protocol(const ProtocolOptions& options);

}  // namespace gossip
