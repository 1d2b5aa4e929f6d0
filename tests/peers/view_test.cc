// Runs that keep to views: what a config says of them, and the product's own peers in virtual time.
#include <string>

#include "gossip/topology.h"
#include "peers/config.h"
#include "peers/simulate.h"
#include "tests/peers/laboratory.h"
#include "tests/support/config_texts.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

namespace {

using laboratory::Matrix;
using laboratory::random_rows;
using laboratory::run;
using laboratory::Scratch;

constexpr std::size_t kPeers = 40;

// Averaging by pushes: nothing is learned where the loss is flat.
std::string averaging(const Scratch& scratch, const std::string& rest) {
  return "run = \"t\"\n[objective]\nkind = \"quadratic\"\ncenters = \"" +
         scratch.write("centers.csv", random_rows(kPeers, 4, -1.0, 1.0, 3)) +
         "\"\n[policy]\nlearning_rate = 0.02\n[simulate]\npeers = 40\nrounds = 300\n" + rest;
}

std::string with_view(const std::string& rest = "") {
  return "[gossip]\ntopology = \"view\"\nfanout = 2\n" + rest;
}

}  // namespace

TEST_CASE("a view is taken, and its sizes are what HyParView's are unless said otherwise") {
  const peers::Config config = test::accepted("gossip.topology = \"view\"");
  CHECK(config.gossip.view.neighbours == 5);
  CHECK(config.gossip.view.others == 30);
  CHECK(test::accepted("[gossip.view]\nneighbours = 9").gossip.view.neighbours == 9);
}

TEST_CASE("what a view cannot be combined with is refused with the reason") {
  CHECK(test::refusal("[gossip]\ntopology = \"view\"\npace = \"sync\"") ==
        "x.toml:2: gossip.topology: \"view\" draws receivers from what each peer alone knows, and "
        "with gossip.pace = \"sync\" everybody must know who pushes to whom; \"async\" and "
        "\"bounded\" do without");
  CHECK(test::refusal("[gossip]\ntopology = \"view\"\nfanout = 6") ==
        "x.toml:3: gossip.fanout: expected at most gossip.view.neighbours = 5 with "
        "gossip.topology = \"view\", got 6");
  CHECK(test::accepted("[gossip]\ntopology = \"view\"\nfanout = 6\nview.neighbours = 6")
            .gossip.fanout == 6);
  CHECK_THAT(test::refusal("[gossip]\ntopology = \"view\"\nweighting = \"metropolis\""),
             Catch::StartsWith("x.toml:3: gossip.weighting: ") && Catch::Contains("pushes back"));
  for (const char* protocol :
       {"d-sgd", "allreduce", "choco", "quantized-push-sum", "liec", "s-addopt", "ad-psgd"}) {
    CAPTURE(protocol);
    CHECK(test::refusal("[gossip]\ntopology = \"view\"\nprotocol = \"" + std::string(protocol) +
                        "\"") != "");
  }
  CHECK_THAT(test::refusal("[gossip.view]\nneighbours = 2"),
             Catch::StartsWith("x.toml:2: gossip.view.neighbours: "));
}

TEST_CASE("peers that keep to views learn together, and no mass is lost") {
  const Scratch scratch;
  for (const char* pace : {"async", "bounded"}) {
    CAPTURE(pace);
    const peers::RunSummary all =
        run(laboratory::parse(
                averaging(scratch, "[gossip]\ntopology = \"random-k\"\nfanout = 2\npace = \"" +
                                       std::string(pace) + "\"\n")))
            .report.summary;
    const peers::RunSummary kept =
        run(laboratory::parse(
                averaging(scratch, with_view("pace = \"" + std::string(pace) + "\"\n"))))
            .report.summary;
    for (const auto& peer : kept.peers) CHECK(peer.exit == 0);
    CHECK(std::abs(kept.weight_total - static_cast<double>(kPeers)) < 1e-9);
    CHECK(kept.weight_in_flight == 0.0);
    CAPTURE(all.consensus_distance, kept.consensus_distance);
    CHECK(kept.consensus_distance < 4.0 * all.consensus_distance);
  }
}

TEST_CASE("a run that keeps to views goes on where a third of its peers crash at once") {
  const Scratch scratch;
  const peers::RunSummary summary =
      run(laboratory::parse(averaging(
              scratch,
              "faults = [{ at = 10.0, kind = \"crash\", peers = [0, 3, 6, 9, 12, 15, 18, 21, 24, "
              "27, 30, 33, 36] }]\n" +
                  with_view())))
          .report.summary;
  for (std::size_t i = 0; i < kPeers; ++i) {
    CAPTURE(i);
    const bool crashed = i % 3 == 0 && i < 39;
    CHECK(summary.peers[i].exit == (crashed ? 137 : 0));
    if (!crashed) CHECK(summary.peers[i].steps == 300);
  }
  CHECK(summary.weight_in_flight == 0.0);
}

TEST_CASE("a seed fixes a run that keeps to views") {
  const Scratch scratch;
  const peers::Config config = laboratory::parse(averaging(scratch, with_view()));
  CHECK(run(config).report.fingerprint == run(config).report.fingerprint);
}
