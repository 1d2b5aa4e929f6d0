#pragma once
// Protocols by name: what each is, where it comes from, and which keys it fixes and why.

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "gossip/parcel.h"
#include "peers/config_checks.h"
#include "peers/config_names.h"

namespace peers {

// One key that a protocol fixes.
struct Demand {
  std::string_view key;
  // In TOML. The first is filled in where the user has left the key alone and the preset has
  // none of these.
  std::span<const std::string_view> allowed;
  std::string_view reason;
};

struct Protocol {
  std::string_view name;
  std::string_view summary;
  std::string_view source;
  std::span<const Demand> demands;
  std::size_t companions = 0;     // vectors that are mixed beside the parameters
  bool steps_after_push = false;  // PeerOptions
  gossip::ParcelKind parcels = gossip::ParcelKind::kMass;
  bool averages = false;  // PeerOptions
};

// In the order of the contract.
[[nodiscard]] std::span<const Protocol> protocols();
[[nodiscard]] std::span<const Choice> protocol_choices();
// Null: there is none of this name.
[[nodiscard]] const Protocol* find_protocol(std::string_view name);

// gossip.damping where nobody has said it: the most that is safe with what the codec loses.
[[nodiscard]] double stable_damping(const GossipConfig& gossip);

// Keys that hold what the protocol does not allow.
void check_protocol(const Config& config, std::vector<Problem>& problems);

}  // namespace peers
