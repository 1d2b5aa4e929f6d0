#pragma once
// What is checked of the numbers of a parcel at both ends: that they are those that were sent, and
// that they are numbers. The only owner of xxhash.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "kernels/view.h"

struct XXH3_state_s;

namespace gossip {

// XXH3, 64 bits.
[[nodiscard]] std::uint64_t checksum(std::span<const std::byte> payload);

// Takes a payload in pieces, so that every check, and what the caller does with the piece besides,
// finds it in the cache: a pass over a block of a megabyte would find it in memory.
class Digest {
 public:
  Digest();
  void add(kernels::ConstView piece);                // of any size
  void add_bytes(std::span<const std::byte> bytes);  // which are no numbers
  void add_all(kernels::ConstView payload);          // in pieces
  [[nodiscard]] std::uint64_t checksum() const;      // of all pieces, as if they had come in one
  [[nodiscard]] bool finite() const { return finite_; }  // no NaN, no infinity

 private:
  struct Free {
    void operator()(XXH3_state_s* state) const;
  };
  std::unique_ptr<XXH3_state_s, Free> state_;
  bool finite_ = true;
};

}  // namespace gossip
