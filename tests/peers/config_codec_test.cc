// What a config may say of codecs, damping and blocks.

#include <string>
#include <vector>

#include "peers/config_checks.h"
#include "tests/support/config_texts.h"

using test::accepted;
using test::refusal;
using test::Sets;

TEST_CASE("codecs that leave push-sum's peers apart are refused with what to use instead") {
  CHECK(refusal("[gossip]\ncodec = \"topk\"") ==
        "x.toml:2: gossip.codec: \"topk\" does not go with gossip.protocol = \"push-sum\": all of "
        "a block's weight moves with a push but little of its x, so estimates do not meet; use "
        "gossip.blocks_per_push to send less, or int8 or int4");
  CHECK_THAT(refusal("[gossip]\ncodec = \"randomk\""), Catch::Contains("blocks_per_push"));
  CHECK_THAT(refusal("[gossip]\ncodec = \"sign\""), Catch::Contains("at any damping"));
  for (const auto* codec : {"f32", "bf16", "f16", "int8", "int4"})
    CHECK(accepted("", {"gossip.codec=" + std::string(codec)}).gossip.codec == codec);
  CHECK_THAT(refusal("[gossip]\ncodec = \"int9\""), Catch::Contains("did you mean \"int8\"?") ||
                                                        Catch::Contains("did you mean \"int4\"?"));
  CHECK_THAT(refusal("[gossip]\ndamping = 0.0"), Catch::Contains("a number above 0 and up to 1"));
  CHECK_THAT(refusal("[gossip]\nblock_choice = \"randon\""),
             Catch::Contains("did you mean \"random\"?"));
}

TEST_CASE("damping outside of what pays with a codec is allowed, with a warning") {
  const auto warnings = [](const Sets& sets) { return peers::warnings_of(accepted("", sets)); };
  CHECK(warnings({}).empty());
  CHECK(warnings({"gossip.codec=int8"}).empty());
  CHECK(warnings({"gossip.codec=int4", "gossip.damping=0.5"}).empty());
  CHECK(warnings({"gossip.codec=f32", "gossip.damping=0.01"}).empty());
  CHECK(warnings({"gossip.codec=int4"}) ==
        std::vector<std::string>{"gossip.damping: 1 is outside of 0.1 to 0.5, where damping pays "
                                 "with codec \"int4\": estimates come to rest further apart"});
  CHECK(warnings({"gossip.codec=int8", "gossip.damping=0.05"}).size() == 1);
}
