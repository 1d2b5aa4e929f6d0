#include "gossip/layout.h"

#include <algorithm>
#include <limits>

#include "runtime/check.h"

namespace gossip {
namespace {

std::uint32_t blocks_of(std::size_t parameter_count, std::size_t block_size) {
  const std::size_t count = parameter_count / block_size + (parameter_count % block_size ? 1 : 0);
  CHECK(count <= std::numeric_limits<std::uint32_t>::max());
  return static_cast<std::uint32_t>(count);
}

}  // namespace

BlockLayout::BlockLayout(std::size_t parameter_count, std::size_t block_bytes,
                         kernels::Scalar scalar, std::size_t companions)
    : parameter_count_(parameter_count),
      companions_(companions),
      block_size_(std::max<std::size_t>(1, block_bytes / kernels::bytes_of(scalar))),
      scalar_(scalar),
      blocks_(blocks_of(parameter_count, block_size_)) {}

BlockRange BlockLayout::range(std::uint32_t block) const {
  CHECK(block < block_count());
  const std::size_t vector = block / blocks_;
  const std::size_t offset = (block % blocks_) * block_size_;
  return {.offset = vector * parameter_count_ + offset,
          .count = std::min(block_size_, parameter_count_ - offset)};
}

BlockRange BlockLayout::range(const BlockRun& blocks) const {
  CHECK(blocks.begin < blocks.end);
  const BlockRange last = range(blocks.end - 1);
  const std::size_t begin = range(blocks.begin).offset;
  return {begin, last.offset + last.count - begin};
}

std::size_t BlockLayout::bytes(std::uint32_t block) const {
  return range(block).count * kernels::bytes_of(scalar_);
}

}  // namespace gossip
