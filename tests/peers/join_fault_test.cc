// Peers that join a simulated run, and what a config may say of them.
#include <algorithm>
#include <cmath>

#include "tests/peers/laboratory.h"
#include "tests/support/config_texts.h"

namespace {

using Catch::Matchers::Contains;
using laboratory::Matrix;
using laboratory::Outcome;
using laboratory::Scratch;
using laboratory::Trace;
using test::refusal;

constexpr std::size_t kPeers = 5;

std::string join(double at, const std::string& peers) {
  return "[[simulate.faults]]\nat = " + std::to_string(at) + "\nkind = \"join\"\npeers = [" +
         peers + "]\n";
}

// Each pulled to a place of its own; a step a tenth of a second.
Outcome run(const std::string& gossip, const std::string& faults) {
  const Scratch scratch;
  const Matrix centers = laboratory::random_rows(kPeers, 3, 1.0, 2.0, 7);
  return laboratory::run(laboratory::parse(
      "seed = 2\n[objective]\nkind = \"quadratic\"\ncenters = \"" +
      scratch.write("centers.csv", centers) +
      "\"\n[policy]\nlearning_rate = 0.1\n[simulate]\npeers = 5\nrounds = 100\ntrace = true\n"
      "precision = \"f64\"\nlink = { delay_ms = 5.0 }\n[gossip]\n" +
      gossip + faults));
}

}  // namespace

TEST_CASE("who joins starts at the step and the estimate of the run, with weight one") {
  const std::string gossip =
      GENERATE("pace = \"async\"\n", "pace = \"bounded\"\n", "protocol = \"ad-psgd\"\n",
               "pace = \"async\"\nblocks_per_push = 1\n", "pace = \"async\"\ncodec = \"int8\"\n");
  CAPTURE(gossip);
  const Outcome outcome = run(gossip, join(4.0, "1") + join(6.0, "4"));
  const peers::RunSummary& summary = outcome.report.summary;
  CHECK(summary.weight_total + summary.weight_in_flight == Approx(5.0).epsilon(1e-12));
  for (const peers::PeerSummary& peer : summary.peers) {
    CHECK(peer.exit == 0);
    CHECK(peer.steps == 100);
  }
  // Started from nothing it would be at zero, and the others are past one by then.
  const Trace trace = laboratory::read_trace(outcome.trace);
  for (const std::uint64_t newcomer : {1U, 4U}) {
    const auto first =
        std::ranges::find_if(trace, [&](const auto& row) { return row.first.second == newcomer; });
    REQUIRE(first != trace.end());
    CHECK(first->first.first > 30);
    CHECK(first->second.weight == 1.0);
    for (const double z : first->second.z) CHECK(z > 0.9);
  }
}

TEST_CASE("a run that one peer began grows by those who join it") {
  const peers::RunSummary summary =
      run("pace = \"async\"\n", join(0.5, "3") + join(1.0, "1, 2, 4")).report.summary;
  CHECK(summary.weight_total + summary.weight_in_flight == Approx(5.0).epsilon(1e-12));
  for (const peers::PeerSummary& peer : summary.peers) CHECK(peer.exit == 0);
}

TEST_CASE("a run that somebody joins is the same twice") {
  const Outcome first = run("pace = \"async\"\n", join(4.0, "1, 4"));
  const Outcome second = run("pace = \"async\"\n", join(4.0, "1, 4"));
  CHECK(first.trace == second.trace);
  CHECK(first.report.fingerprint == second.report.fingerprint);
}

TEST_CASE("who comes when all have finished, or nobody is left, is turned away") {
  const std::string crash =
      "[[simulate.faults]]\nat = 3.0\nkind = \"crash\"\npeers = [0, 1, 2, 3]\n";
  const std::string faults = GENERATE_COPY(join(500.0, "4"), join(4.0, "4") + crash);
  CAPTURE(faults);
  const peers::RunSummary summary = run("pace = \"async\"\n", faults).report.summary;
  CHECK(summary.peers[4].exit == 1);
  CHECK(summary.peers[4].steps == 0);
  CHECK(summary.peers[4].weight == 0.0);
  CHECK(summary.peers[4].estimate.empty());
}

TEST_CASE("who is told to leave or dies while it knocks has changed nothing") {
  const std::string fault = GENERATE("leave", "crash");
  CAPTURE(fault);
  // Cut off, so that it is still knocking then.
  const std::string faults = "[[simulate.faults]]\nat = 0.0\nkind = \"cut\"\npeers = [4]\n" +
                             join(1.0, "4") + "[[simulate.faults]]\nat = 2.0\nkind = \"" + fault +
                             "\"\npeers = [4]\n";
  const peers::RunSummary summary = run("pace = \"async\"\n", faults).report.summary;
  CHECK(summary.peers[4].exit == (fault == "leave" ? 130 : 137));
  CHECK(summary.weight_total == Approx(4.0).epsilon(1e-12));
}

TEST_CASE("a join that cannot be is refused with its reason") {
  const std::string first = join(3.0, "1");
  CHECK(refusal(first).empty());
  CHECK(refusal("[gossip]\npace = \"bounded\"\n" + first).empty());
  CHECK_THAT(refusal("[gossip]\npace = \"sync\"\n" + first), Contains("is fixed"));
  CHECK_THAT(refusal("[gossip]\nprotocol = \"d-sgd\"\n" + first), Contains("is fixed"));
  CHECK_THAT(refusal(first + join(4.0, "1")), Contains("peer 1 joins twice"));
  CHECK_THAT(refusal(join(3.0, "0, 1, 2, 3, 4, 5, 6, 7")), Contains("at least one peer"));
  const std::string crash = "[[simulate.faults]]\nkind = \"crash\"\npeers = [1]\nat = ";
  CHECK(refusal(first + crash + "3.5").empty());
  CHECK_THAT(refusal(first + crash + "2.5"), Contains("peer 1 joins at 3 only"));
}
