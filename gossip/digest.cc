#include "gossip/digest.h"

// On x86 the library chooses the widest instructions that the processor has when it is first
// called; elsewhere there is nothing to choose.
#if defined(__x86_64__)
#include <xxh_x86dispatch.h>
#else
#include <xxhash.h>
#endif

#include <algorithm>
#include <new>

#include "kernels/pieces.h"
#include "kernels/vector.h"
#include "runtime/check.h"

namespace gossip {

std::uint64_t checksum(std::span<const std::byte> payload) {
  return XXH3_64bits(payload.data(), payload.size());
}

void Digest::Free::operator()(XXH3_state_s* state) const { XXH3_freeState(state); }

Digest::Digest() : state_(XXH3_createState()) {
  if (!state_) throw std::bad_alloc();
  CHECK(XXH3_64bits_reset(state_.get()) == XXH_OK);
}

void Digest::add_bytes(std::span<const std::byte> bytes) {
  CHECK(XXH3_64bits_update(state_.get(), bytes.data(), bytes.size()) == XXH_OK);
}

void Digest::add(kernels::ConstView piece) {
  add_bytes({static_cast<const std::byte*>(piece.data()), piece.bytes()});
  finite_ = finite_ && kernels::vector::all_finite(piece);
}

void Digest::add_all(kernels::ConstView payload) {
  for (std::size_t begin = 0; begin < payload.count(); begin += kernels::kPieceNumbers)
    add(payload.slice(begin, std::min(kernels::kPieceNumbers, payload.count() - begin)));
}

std::uint64_t Digest::checksum() const { return XXH3_64bits_digest(state_.get()); }

}  // namespace gossip
