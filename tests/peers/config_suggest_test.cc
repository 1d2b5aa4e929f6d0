#include "peers/config_suggest.h"

#include <string_view>
#include <vector>

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

TEST_CASE("what other systems call a key is known, whatever table it stands in") {
  const std::vector<std::string_view> keys{"train.batch", "policy.learning_rate",
                                           "gossip.moreau.v"};
  for (const std::string_view key : {"lr", "train.lr", "optimizer.lr"})
    CHECK(peers::nearest_key(key, keys) == "policy.learning_rate");
  CHECK(peers::nearest_key("data.batch_size", keys) == "train.batch");
}

TEST_CASE("a short word is not taken for every other") {
  const std::vector<std::string_view> words{"v", "lr"};
  CHECK(peers::nearest("ab", words).empty());
  CHECK(peers::nearest("lt", words) == "lr");
  CHECK(peers::nearest("", words).empty());
  CHECK(peers::nearest_key("zzzzzzzzz.ab", words).empty());
}
