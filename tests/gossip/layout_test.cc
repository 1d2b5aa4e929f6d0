#include "gossip/layout.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

using gossip::BlockLayout;
using kernels::Scalar;

TEST_CASE("no parameters make no blocks") {
  const BlockLayout layout(0, 1024, Scalar::kF32);
  CHECK(layout.block_count() == 0);
}

TEST_CASE("a block holds at least one number, however few bytes are asked for") {
  const BlockLayout layout(3, 1, Scalar::kF64);
  CHECK(layout.block_count() == 3);
  CHECK(layout.range(2).offset == 2);
  CHECK(layout.range(2).count == 1);
  CHECK(layout.bytes(2) == 8);
}

TEST_CASE("the last block is as long as what is left") {
  const BlockLayout layout(10, 16, Scalar::kF32);
  CHECK(layout.block_count() == 3);
  CHECK(layout.bytes(0) == 16);
  CHECK(layout.bytes(2) == 8);
}

TEST_CASE("a block larger than the model holds all of it") {
  const BlockLayout layout(10, 1U << 20U, Scalar::kF32);
  CHECK(layout.block_count() == 1);
  CHECK(layout.range(0).count == 10);
}

TEST_CASE("blocks cover every parameter once, in order") {
  for (const std::size_t parameters : {1U, 2U, 7U, 64U, 1000U}) {
    for (const std::size_t block_bytes : {0U, 3U, 4U, 8U, 12U, 100U, 4000U}) {
      for (const Scalar scalar : {Scalar::kF32, Scalar::kF64}) {
        CAPTURE(parameters, block_bytes);
        const BlockLayout layout(parameters, block_bytes, scalar);
        std::size_t covered = 0;
        for (std::uint32_t block = 0; block < layout.block_count(); ++block) {
          CHECK(layout.range(block).offset == covered);
          CHECK(layout.range(block).count > 0);
          covered += layout.range(block).count;
        }
        CHECK(covered == parameters);
      }
    }
  }
}

TEST_CASE("companions are cut as the parameters are, and lie behind them") {
  const BlockLayout layout(10, 16, Scalar::kF32, 2);
  CHECK(layout.number_count() == 30);
  CHECK(layout.parameter_blocks() == 3);
  REQUIRE(layout.block_count() == 9);
  for (std::uint32_t block = 0; block < 3; ++block) {
    for (std::uint32_t vector = 1; vector < 3; ++vector) {
      CHECK(layout.range(3 * vector + block).offset == 10 * vector + layout.range(block).offset);
      CHECK(layout.range(3 * vector + block).count == layout.range(block).count);
    }
  }
}
