#include "gossip/topology/kinds.h"
#include "gossip/topology/placed.h"

namespace gossip {
namespace {

// A grid without borders. Row after row of `width` places; a `twisted` one goes on with the next
// row where one ends, so that it needs no whole number of rows.
struct Grid {
  std::size_t width = 1;
  bool twisted = false;
};

// The squarest grid that `count` fills, if it has three rows or more; the twisted one otherwise.
Grid grid_of(std::size_t count) {
  constexpr std::size_t kRowsMin = 3;
  std::size_t root = 1;
  while ((root + 1) * (root + 1) <= count) ++root;
  for (std::size_t rows = root; rows >= kRowsMin; --rows)
    if (count % rows == 0) return {.width = count / rows, .twisted = false};
  return {.width = root, .twisted = true};
}

// Each peer pushes to the four around it. Fewer than five peers have fewer others than that.
class Torus final : public SymmetricTopology {
  [[nodiscard]] bool constant() const override { return true; }
  [[nodiscard]] Places receivers(const Turn& turn) const override {
    const Grid grid = grid_of(turn.count);
    const std::size_t above = behind(turn, grid.width);
    const std::size_t below = ahead(turn, grid.width);
    if (grid.twisted) return turn.places({ahead(turn, 1), behind(turn, 1), above, below});
    const std::size_t column = turn.place % grid.width;
    const std::size_t row_begin = turn.place - column;
    return turn.places({row_begin + (column + 1) % grid.width,
                        row_begin + (column + grid.width - 1) % grid.width, above, below});
  }
};

}  // namespace

MadeTopology make_torus(const TopologyOptions& /*options*/) {
  return std::unique_ptr<Topology>(std::make_unique<Torus>());
}

}  // namespace gossip
