#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "kernels/view.h"

namespace gossip {

struct BlockRange {
  std::size_t offset = 0;  // in numbers, not bytes
  std::size_t count = 0;
};

// Blocks that follow each other: from `begin` on, before `end`.
struct BlockRun {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

// How what peers mix is cut into blocks, each a push-sum instance of its own: the parameters, and
// after them any companions, vectors as long that are mixed beside them and cut alike. Every peer
// of a run cuts alike: the layout is part of the run's fingerprint.
class BlockLayout {
 public:
  // Blocks of at most `block_bytes` (at least one number); the last of a vector may be shorter. No
  // parameters: no blocks.
  BlockLayout(std::size_t parameter_count, std::size_t block_bytes, kernels::Scalar scalar,
              std::size_t companions = 0);

  [[nodiscard]] std::size_t parameter_count() const { return parameter_count_; }
  [[nodiscard]] std::size_t companions() const { return companions_; }
  // Of all vectors together.
  [[nodiscard]] std::size_t number_count() const { return (1 + companions_) * parameter_count_; }
  [[nodiscard]] kernels::Scalar scalar() const { return scalar_; }
  // The first blocks are the parameters'.
  [[nodiscard]] std::uint32_t parameter_blocks() const { return blocks_; }
  [[nodiscard]] std::uint32_t block_count() const {
    return static_cast<std::uint32_t>(1 + companions_) * blocks_;
  }
  [[nodiscard]] BlockRange range(std::uint32_t block) const;     // block < block_count()
  [[nodiscard]] BlockRange range(const BlockRun& blocks) const;  // of at least one
  [[nodiscard]] std::size_t bytes(std::uint32_t block) const;
  // In numbers, and in bytes; 0 without blocks.
  [[nodiscard]] std::size_t largest_block() const {
    return std::min(block_size_, parameter_count_);
  }
  [[nodiscard]] std::size_t largest_bytes() const {
    return largest_block() * kernels::bytes_of(scalar_);
  }

 private:
  std::size_t parameter_count_;
  std::size_t companions_;
  std::size_t block_size_;  // in numbers
  kernels::Scalar scalar_;
  std::uint32_t blocks_;  // of one vector
};

}  // namespace gossip
