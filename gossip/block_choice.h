#pragma once
// Which blocks a push is of, where it is not of all (block-wise push-sum: each block is an instance
// of its own, so the rest simply waits). A pure function of the round, the same at every peer: in
// rounds in step a receiver knows what will come.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "gossip/list.h"
#include "runtime/result.h"

namespace gossip {

class BlockChoice {
 public:
  enum class Order : std::uint8_t { kRoundRobin, kRandom };
  struct Options {
    std::size_t blocks_per_push = 0;  // 0: all
    Order order = Order::kRoundRobin;
    std::uint64_t seed = 1;  // kRandom: the same for all peers
  };
  BlockChoice(const Options& options, std::uint32_t block_count);

  [[nodiscard]] List<std::uint32_t> blocks(std::uint64_t round,
                                           ListMemory memory = heap()) const;  // sorted

  // Rounds until every block has been pushed once (kRandom: about).
  [[nodiscard]] std::uint64_t sweep_rounds() const;

  // The round that the topology is asked for. Round-robin asks once a sweep: a topology that
  // repeats would otherwise show some blocks only some of its graphs, and they would never mix.
  [[nodiscard]] std::uint64_t graph_round(std::uint64_t round) const;

 private:
  Options options_;
  std::uint32_t block_count_;
};

struct BlockChoiceName {
  std::string_view name;
  std::string_view summary;
};
[[nodiscard]] std::span<const BlockChoiceName> block_choice_names();
[[nodiscard]] runtime::Result<BlockChoice::Order> block_order_of(std::string_view name);

}  // namespace gossip
