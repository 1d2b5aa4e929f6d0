#pragma once
// The law of mass on a world of gossip: held, plus pushed and not yet booked, is what there was.

#include <chrono>

#include "tests/support/gossip_world.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

namespace test {

inline constexpr double kExact = 1e-9;

inline void check_equal(const Amount& found, const Amount& expected) {
  CHECK(found.weight == Approx(expected.weight).epsilon(kExact));
  for (std::size_t i = 0; i < found.x.size(); ++i) {
    CAPTURE(i);
    // Sums of either sign can cancel: relative to what was added up, not to the sum.
    CHECK(found.x[i] == Approx(expected.x[i]).epsilon(kExact).margin(100.0 * kExact));
  }
}

inline void check_conserved(GossipWorld& world) {
  check_equal(world.held().add(world.ledger().under_way()), world.started_with());
}

// After a death: what the dead one gave counts as well, what it took and kept is gone.
inline void check_conserved_without(GossipWorld& world, runtime::PeerId dead) {
  Amount expected = world.started_with();
  expected.add(world.ledger().booked_from(dead)).add(world.ledger().pushed_to(dead), -1.0);
  world.for_each_living([&](runtime::PeerId id) { expected.add(world.node(id).taken_back()); });
  check_equal(world.held(), expected);
}

inline constexpr runtime::Link kBadLink{.delay = std::chrono::milliseconds(2),
                                        .loss_probability = 0.2,
                                        .duplicate_probability = 0.2,
                                        .reorder_probability = 0.3};

}  // namespace test
