// The only file that names xxhash: header only, compiled into this one.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "gossip/wire.h"

namespace gossip {

std::uint64_t checksum(std::span<const std::byte> payload) {
  return XXH3_64bits(payload.data(), payload.size());
}

}  // namespace gossip
