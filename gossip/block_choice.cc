#include "gossip/block_choice.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <string>

#include "runtime/random.h"

namespace gossip {
namespace {

constexpr std::array kNames{
    BlockChoiceName{"round-robin", "in turn"},
    BlockChoiceName{"random", "drawn anew each round, the same at every peer"},
};

}  // namespace

BlockChoice::BlockChoice(const Options& options, std::uint32_t block_count)
    : options_(options), block_count_(block_count) {
  if (options_.blocks_per_push == 0 || options_.blocks_per_push > block_count)
    options_.blocks_per_push = block_count;
}

List<std::uint32_t> BlockChoice::blocks(std::uint64_t round, ListMemory memory) const {
  List<std::uint32_t> blocks(block_count_, memory);
  std::iota(blocks.begin(), blocks.end(), 0U);
  const std::size_t count = options_.blocks_per_push;
  if (count == block_count_) return blocks;
  if (options_.order == Order::kRandom) {
    // The first `count` steps of a shuffle.
    runtime::Random random(runtime::mix_bits(options_.seed), round);
    for (std::size_t i = 0; i < count; ++i)
      std::swap(blocks[i], blocks[i + random.below(blocks.size() - i)]);
    blocks.resize(count);
    std::sort(blocks.begin(), blocks.end());
    return blocks;
  }
  const auto first = static_cast<std::size_t>(round % sweep_rounds()) * count;
  const std::size_t last =
      std::min<std::size_t>(first + count, block_count_);  // the rest, at the end
  return {blocks.begin() + static_cast<std::ptrdiff_t>(first),
          blocks.begin() + static_cast<std::ptrdiff_t>(last), memory};
}

std::uint64_t BlockChoice::sweep_rounds() const {
  const std::size_t count = std::max<std::size_t>(1, options_.blocks_per_push);
  return std::max<std::uint64_t>(1, (block_count_ + count - 1) / count);
}

std::uint64_t BlockChoice::graph_round(std::uint64_t round) const {
  return options_.order == Order::kRoundRobin ? round / sweep_rounds() : round;
}

std::span<const BlockChoiceName> block_choice_names() { return kNames; }

runtime::Result<BlockChoice::Order> block_order_of(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (kNames[i].name == name) return static_cast<BlockChoice::Order>(i);
  return runtime::Error{"no choice of blocks is called \"" + std::string(name) +
                        "\"; there are: round-robin, random"};
}

}  // namespace gossip
