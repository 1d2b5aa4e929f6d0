#include "gossip/protocol.h"

#include "gossip/protocol/kinds.h"
#include "runtime/check.h"

namespace gossip {

std::unique_ptr<Protocol> make_protocol(const ProtocolOptions& options) {
  switch (options.parcels) {
    case ParcelKind::kMass:
      return make_shares(options);
    case ParcelKind::kDifference:
      return make_differences(options);
    case ParcelKind::kStep:
      return make_steps(options);
    case ParcelKind::kRequest:
      return make_pairs(options);
  }
  CHECK(false);
}

}  // namespace gossip
