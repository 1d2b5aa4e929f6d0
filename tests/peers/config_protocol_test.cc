// What a protocol fixes of a config, and what it refuses.
#include <algorithm>
#include <string>
#include <vector>

#include "gossip/topology.h"
#include "peers/config.h"
#include "peers/config_checks.h"
#include "peers/config_protocol.h"
#include "tests/support/config_texts.h"
#include "tests/support/temporary_file.h"

using test::accepted;
using test::refusal;
using test::TemporaryFile;

TEST_CASE("a protocol fills in what it cannot do without, over what a preset says") {
  const peers::GossipConfig exact = accepted("[gossip]\nprotocol = \"allreduce\"").gossip;
  CHECK(exact.pace == "sync");
  CHECK(exact.topology == "complete");
  const peers::GossipConfig symmetric = accepted("[gossip]\nprotocol = \"d-sgd\"").gossip;
  CHECK(symmetric.pace == "sync");
  CHECK(symmetric.weighting == "metropolis");
  CHECK(symmetric.topology == "bidirectional-ring");
  CHECK(accepted("[gossip]\nprotocol = \"d-sgd\"\ntopology = \"torus\"").gossip.topology ==
        "torus");
  CHECK(accepted("policy.preset = \"sgap\"\ngossip.protocol = \"allreduce\"").gossip.weighting ==
        "uniform");
  CHECK(accepted("policy.preset = \"c-sgd\"").gossip == exact);
  CHECK(accepted("policy.preset = \"d-sgd\"").gossip == symmetric);
}

TEST_CASE("what contradicts a protocol is refused where it stands, with the reason") {
  CHECK(refusal("[gossip]\nprotocol = \"allreduce\"\npace = \"async\"") ==
        "x.toml:3: gossip.pace: with gossip.protocol = \"allreduce\" the average is of all peers' "
        "models of one round: expected \"sync\", got \"async\"");
  CHECK(refusal("[gossip]\nprotocol = \"d-sgd\"", {"gossip.weighting=uniform"}) ==
        "--set gossip.weighting=uniform: with gossip.protocol = \"d-sgd\" what a peer gets must "
        "weigh as much as what it gives: expected \"metropolis\", got \"uniform\"");
  CHECK_THAT(refusal("[gossip]\nprotocol = \"d-sgd\"\ntopology = \"ring\""),
             Catch::StartsWith("x.toml:3: gossip.topology: ") &&
                 Catch::Contains("\"bidirectional-ring\" or \"complete\""));
  for (const auto* line : {"topology = \"ring\"", "codec = \"bf16\"", "blocks_per_push = 2",
                           "damping = 0.5", "weighting = \"moreau\""}) {
    CAPTURE(line);
    CHECK_THAT(refusal("[gossip]\nprotocol = \"allreduce\"\n" + std::string(line)),
               Catch::StartsWith("x.toml:3: gossip.") && !Catch::Contains("\n"));
  }
  const std::string in_turn = "gossip.protocol = \"allreduce\"\ngossip.topology = \"base-k\"\n";
  CHECK(accepted(in_turn + "policy.schedule = \"periodic\"").gossip.weighting == "uniform");
  CHECK(refusal(in_turn + "policy.schedule = \"overlapped\"") ==
        "x.toml:3: policy.schedule: \"overlapped\" steps on while one push travels, and with "
        "gossip.topology = \"base-k\" an average takes several, one after another");
  CHECK_THAT(refusal("gossip.protocol = \"alreduce\""),
             Catch::Contains("did you mean \"allreduce\"?"));
}

TEST_CASE("what gradient tracking cannot be combined with is refused with the reason") {
  const peers::Config tracking = accepted("gossip.protocol = \"s-addopt\"");
  CHECK(tracking.policy.correction == "gradient-tracking");
  CHECK(tracking.policy.optimizer == "sgd");
  CHECK(accepted("policy.preset = \"s-addopt\"").gossip == tracking.gossip);
  CHECK(refusal("[policy]\ncorrection = \"gradient-tracking\"") ==
        "x.toml:2: policy.correction: \"gradient-tracking\" needs its tracker mixed, which is "
        "gossip.protocol = \"s-addopt\", got \"push-sum\"");
  for (const auto* line :
       {"policy.optimizer = \"momentum\"", "policy.correction = \"vrl\"",
        "policy.weight_decay = 1e-4", "policy.schedule = \"periodic\"",
        "policy.outer = \"nesterov\"", "gossip.codec = \"bf16\"", "gossip.weighting = \"moreau\"",
        "gossip.pace = \"bounded\"", "security.norm_limit = 10.0", "gossip.blocks_per_push = 1"}) {
    CAPTURE(line);
    CHECK_THAT(refusal("gossip.protocol = \"s-addopt\"\n" + std::string(line)),
               Catch::StartsWith("x.toml:2: ") && Catch::Contains("with gossip.protocol = ") &&
                   !Catch::Contains("\n"));
  }
}

TEST_CASE("coded differences need a graph that stays, and get a damping that is stable") {
  const auto damping = [](const std::string& lines) {
    return accepted("[gossip]\nprotocol = \"choco\"\n" + lines).gossip.damping;
  };
  CHECK(accepted("gossip.protocol = \"choco\"").gossip.topology == "bidirectional-ring");
  CHECK(accepted("gossip.protocol = \"quantized-push-sum\"").gossip.topology == "exponential");
  CHECK(damping("codec = \"int8\"") == 1.0);
  CHECK(damping("codec = \"sign\"") == 0.4);
  CHECK(damping("codec = \"topk\"") == 0.04);
  CHECK(damping("codec = \"topk\"\nshare_kept = 0.5") == 0.2);
  CHECK(damping("codec = \"topk\"\ndamping = 0.3") == 0.3);
  CHECK(accepted("gossip.codec = \"int4\"").gossip.damping == 1.0);  // push-sum
  const auto warnings = [](const std::string& lines) {
    return peers::warnings_of(accepted("[gossip]\nprotocol = \"choco\"\n" + lines));
  };
  CHECK(warnings("codec = \"sign\"\ndamping = 0.8").empty());
  CHECK(warnings("codec = \"topk\"\ndamping = 1.0") ==
        std::vector<std::string>{"gossip.damping: 1 is more than twice 0.04, which is stable with "
                                 "codec \"topk\": estimates may move apart for ever"});
  for (const auto* protocol : {"choco", "quantized-push-sum"}) {
    CAPTURE(protocol);
    const std::string text = "[gossip]\nprotocol = \"" + std::string(protocol) + "\"\n";
    CHECK_THAT(refusal(text + "topology = \"one-peer-exponential\""),
               Catch::StartsWith("x.toml:3: gossip.topology: ") &&
                   Catch::Contains("must have heard all before it"));
    CHECK_THAT(refusal(text + "pace = \"async\""), Catch::StartsWith("x.toml:3: gossip.pace: "));
    CHECK_THAT(refusal(text + "weighting = \"moreau\""),
               Catch::StartsWith("x.toml:3: gossip.weighting: "));
  }
}

TEST_CASE("coded differences refuse a file of more graphs than one") {
  const TemporaryFile two("0 1\n1 0\n0 0\n0 0\n");
  const TemporaryFile one("0 1\n1 0\n");
  const std::string text =
      "[gossip]\nprotocol = \"choco\"\ntopology = \"file\"\ntopology_file = \"";
  CHECK_THAT(refusal(text + two.path() + "\""), Catch::StartsWith("x.toml:3: gossip.topology: ") &&
                                                    Catch::EndsWith("expected one matrix"));
  CHECK(refusal(text + one.path() + "\"").empty());
}

TEST_CASE("what coded steps cannot be combined with is refused with the reason") {
  const peers::GossipConfig steps = accepted("policy.preset = \"liec\"").gossip;
  CHECK(steps.pace == "sync");
  CHECK(steps.codec == "sign");
  CHECK(steps.average_every == 32);
  for (const auto* line :
       {"policy.schedule = \"periodic\"", "policy.schedule = \"overlapped\"",
        "policy.correction = \"vrl\"", "policy.outer = \"heavy-ball\"", "gossip.damping = 0.5",
        "gossip.blocks_per_push = 1", "gossip.pace = \"async\"", "security.norm_limit = 3.0"}) {
    CAPTURE(line);
    CHECK_THAT(refusal("gossip.protocol = \"liec\"\n" + std::string(line)),
               Catch::StartsWith("x.toml:2: ") && Catch::Contains("with gossip.protocol = "));
  }
}

TEST_CASE("every demand of a protocol can be met, and every protocol says where it is from") {
  for (const peers::Protocol& protocol : peers::protocols()) {
    CAPTURE(protocol.name);
    CHECK_FALSE(protocol.source.empty());
    for (const peers::Demand& demand : protocol.demands) {
      CAPTURE(demand.key);
      CHECK_FALSE(demand.reason.empty());
      for (const std::string_view value : demand.allowed) {
        if (value == "\"file\"") continue;  // needs one
        CAPTURE(value);
        CHECK(refusal("",
                      {"gossip.topology=complete", "gossip.protocol=" + std::string(protocol.name),
                       std::string(demand.key) + "=" + std::string(value)}) == "");
      }
    }
  }
}

TEST_CASE("d-sgd takes every topology that is symmetric and leaves the shares to it") {
  for (const gossip::TopologyName& known : gossip::topology_names()) {
    const auto topology = gossip::make_topology({.name = std::string(known.name), .fanout = 2});
    if (!topology) continue;  // file
    CAPTURE(known.name);
    const bool fits = (*topology)->symmetric() && !(*topology)->prescribes_shares();
    const std::string text = "[gossip]\nprotocol = \"d-sgd\"\nfanout = 2\ntopology = \"";
    CHECK(refusal(text + std::string(known.name) + "\"").empty() == fits);
  }
}
