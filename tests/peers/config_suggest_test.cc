#include "peers/config_suggest.h"

#include "tests/support/catch.h"

TEST_CASE("the distance between words counts letters added, removed, changed and swapped") {
  CHECK(peers::edit_distance("", "") == 0);
  CHECK(peers::edit_distance("", "abc") == 3);
  CHECK(peers::edit_distance("ring", "ring") == 0);
  CHECK(peers::edit_distance("rign", "ring") == 1);
  CHECK(peers::edit_distance("bach", "batch") == 1);
  CHECK(peers::edit_distance("kitten", "sitting") == 3);
  CHECK(peers::edit_distance("batch", "bach") == peers::edit_distance("bach", "batch"));
}
