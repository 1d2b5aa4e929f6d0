// The only file that names xxhash. On x86 the library chooses the widest instructions that the
// processor has when it is first called; elsewhere there is nothing to choose.
#if defined(__x86_64__)
#include <xxh_x86dispatch.h>
#else
#include <xxhash.h>
#endif

#include "gossip/wire.h"

namespace gossip {

std::uint64_t checksum(std::span<const std::byte> payload) {
  return XXH3_64bits(payload.data(), payload.size());
}

}  // namespace gossip
