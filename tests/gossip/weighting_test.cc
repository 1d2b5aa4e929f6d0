#include "gossip/weighting.h"

#include "tests/support/snapshots.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

TEST_CASE("a peer without receivers gives nothing away") {
  const auto uniform = gossip::make_weighting("uniform");
  REQUIRE(uniform.ok());
  CHECK((*uniform)->shares({}).empty());
}

TEST_CASE("uniform: k receivers and oneself get one part each of k + 1") {
  const auto uniform = gossip::make_weighting("uniform");
  REQUIRE(uniform.ok());
  for (std::size_t count = 1; count < 20; ++count) {
    const std::vector<double> shares = (*uniform)->shares(test::peers(count));
    CHECK(shares.size() == count);
    double kept = 1.0;
    for (const double share : shares) kept -= share;
    CHECK(kept == Approx(shares[0]));
  }
}

TEST_CASE("an unknown weighting is refused with the names there are") {
  const auto unknown = gossip::make_weighting("unifrom");
  REQUIRE_FALSE(unknown.ok());
  CHECK(unknown.error().message == "no weighting is called \"unifrom\"; there are: uniform");
  CHECK(gossip::weighting_names().size() == 1);
}
