#pragma once
// What peers say to each other about whom they gossip with (gossip/membership/partial_view.h).

#include <cstddef>
#include <cstdint>
#include <vector>

#include "runtime/peer_id.h"

namespace gossip {

struct ViewMessage {
  enum class Kind : std::uint8_t {
    kJoin,         // I am new here; answered by kAccept
    kForwardJoin,  // `about` is new here: passed on `hops` more times
    kNeighbour,    // be my neighbour? Answered by kAccept or kRefuse
    kAccept,       // you are my neighbour
    kRefuse,       // no room
    kHere,         // said to a neighbour now and then: I am there, and hold you for one
    kDisconnect,   // you are no neighbour of mine (any more); where `about` is another, it is now
    kShuffle,      // `about` knows `peers`: passed on `hops` more times, then answered to it
    kShuffled,     // the answer: so many that this peer knows
  };
  Kind kind = Kind::kHere;
  bool urgent = false;  // kNeighbour: not to be refused
  std::uint8_t hops = 0;
  runtime::PeerId about{};
  std::vector<runtime::PeerId> peers{};  // at most kViewPeersMax
  friend bool operator==(const ViewMessage&, const ViewMessage&) = default;
};

inline constexpr std::size_t kViewPeersMax = 8;  // itself, three neighbours and four others

struct ViewPost {
  runtime::PeerId to{};
  ViewMessage message;
};

}  // namespace gossip
