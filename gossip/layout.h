#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/view.h"

namespace gossip {

struct BlockRange {
  std::size_t offset = 0;  // in numbers, not bytes
  std::size_t count = 0;
};

// How a parameter vector is cut into blocks, each a push-sum instance of its own. Every peer of a
// run cuts alike: the layout is part of the run's fingerprint.
class BlockLayout {
 public:
  // Blocks of at most `block_bytes` (at least one number); the last may be shorter. No parameters:
  // no blocks.
  BlockLayout(std::size_t parameter_count, std::size_t block_bytes, kernels::Scalar scalar);

  [[nodiscard]] std::size_t parameter_count() const { return parameter_count_; }
  [[nodiscard]] kernels::Scalar scalar() const { return scalar_; }
  [[nodiscard]] std::uint32_t block_count() const { return block_count_; }
  [[nodiscard]] BlockRange range(std::uint32_t block) const;  // block < block_count()
  [[nodiscard]] std::size_t bytes(std::uint32_t block) const;

 private:
  std::size_t parameter_count_;
  std::size_t block_size_;  // in numbers
  kernels::Scalar scalar_;
  std::uint32_t block_count_;
};

}  // namespace gossip
