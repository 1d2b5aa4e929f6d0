// Peers of a simulation that end and are started again, from what they had saved.
#include <algorithm>
#include <string>

#include "tests/peers/laboratory.h"
#include "tests/support/config_texts.h"

namespace {

using Catch::Matchers::Contains;
using laboratory::Matrix;
using laboratory::Outcome;
using laboratory::Scratch;
using laboratory::Trace;
using test::refusal;

std::string fault(double at, const std::string& kind, const std::string& peers) {
  return "[[simulate.faults]]\nat = " + std::to_string(at) + "\nkind = \"" + kind +
         "\"\npeers = [" + peers + "]\n";
}

std::string saving() { return "[checkpoint]\nresume = \"auto\"\nevery_seconds = 0.1\n"; }
constexpr const char* kAll = "0, 1, 2, 3, 4";

// Each pulled to a place of its own, with noise; a step a tenth of a second.
Outcome run(const std::string& toml, std::size_t peers = 5) {
  const Scratch scratch;
  const Matrix centers = laboratory::random_rows(peers, 3, 1.0, 2.0, 7);
  return laboratory::run(laboratory::parse(
      "seed = 2\n[objective]\nkind = \"quadratic\"\nnoise = 0.3\ncenters = \"" +
      scratch.write("centers.csv", centers) + "\"\n[simulate]\npeers = " + std::to_string(peers) +
      "\nrounds = 100\ntrace = true\nprecision = \"f64\"\nlink = { delay_ms = 5.0 }\n" + toml));
}

}  // namespace

TEST_CASE("a run of one goes on from its checkpoint as if nothing had happened, bit for bit") {
  const std::string policy = "[policy]\noptimizer = \"momentum\"\nlearning_rate = 0.05\n";
  const Outcome undisturbed = run(policy, 1);
  const Outcome twice =
      run(policy + saving() + fault(3.07, "crash", "0") + fault(5.0, "restart", "0"), 1);
  CHECK(twice.trace == undisturbed.trace);
  CHECK(peers::results_fingerprint(twice.report.summary) ==
        peers::results_fingerprint(undisturbed.report.summary));
  CHECK(twice.report.virtual_seconds > undisturbed.report.virtual_seconds + 1.5);
}

TEST_CASE("who is started again joins at the step and the estimate of the run") {
  const std::string gossip = GENERATE("pace = \"async\"\n", "pace = \"bounded\"\n",
                                      "protocol = \"ad-psgd\"\n", "topology = \"view\"\n");
  const std::string ending = GENERATE("crash", "leave");
  const double back_at = GENERATE(3.0, 8.0);  // before anybody has noticed, and long after
  const std::string saved = GENERATE(as<std::string>{}, saving(), "");
  CAPTURE(gossip, ending, back_at, saved);
  const Outcome outcome = run("[policy]\nlearning_rate = 0.1\n" + saved + "[gossip]\n" + gossip +
                              fault(2.9, ending, "1") + fault(back_at, "restart", "1"));
  for (const peers::PeerSummary& peer : outcome.report.summary.peers) {
    CHECK(peer.exit == 0);
    CHECK(peer.steps == 100);
    CHECK(peer.weight > 0.0);
  }
  // Of the steps that the run took meanwhile it takes none.
  const Trace trace = laboratory::read_trace(outcome.trace);
  CHECK(trace.contains({27, 1}));
  CHECK(trace.contains({95, 1}));
  CHECK(trace.contains({60, 1}) == (back_at < 5.0));
}

TEST_CASE("all restart together, each from its own estimate, with weight one") {
  const std::string gossip = GENERATE("pace = \"async\"\n", "pace = \"bounded\"\n",
                                      "pace = \"sync\"\n", "protocol = \"ad-psgd\"\n");
  CAPTURE(gossip);
  const Outcome outcome = run("[policy]\nlearning_rate = 0.1\n" + saving() + "[gossip]\n" + gossip +
                              fault(3.03, "crash", kAll) + fault(4.0, "restart", kAll));
  const peers::RunSummary& summary = outcome.report.summary;
  CHECK(summary.weight_total + summary.weight_in_flight == Approx(5.0).epsilon(1e-12));
  for (const peers::PeerSummary& peer : summary.peers) {
    CHECK(peer.exit == 0);
    CHECK(peer.steps == 100);
  }
  // A step that had been saved is not taken again.
  CHECK(outcome.report.virtual_seconds > 10.5);
  CHECK(outcome.report.virtual_seconds < 14.0);
}

TEST_CASE("who restarts together and has saved nothing begins with what is furthest") {
  // A step takes the last longer than it lives.
  const std::string faults = fault(1.05, "crash", kAll) + fault(2.0, "restart", kAll);
  const Outcome outcome =
      run("step_seconds = [0.1, 0.1, 0.1, 0.1, 1.5]\n[checkpoint]\nresume = "
          "\"auto\"\nevery_seconds = 0.8\n[policy]\nlearning_rate = 0.1\n" +
          faults);
  const Trace trace = laboratory::read_trace(outcome.trace);
  CHECK(trace.contains({0, 4}));
  CHECK_FALSE(trace.contains({1, 4}));
  CHECK(trace.contains({9, 4}));
}

TEST_CASE("without checkpoints all that restart together begin anew") {
  const Outcome outcome = run(fault(3.03, "crash", kAll) + fault(4.0, "restart", kAll));
  CHECK(outcome.report.virtual_seconds > 13.9);
  for (const peers::PeerSummary& peer : outcome.report.summary.peers) CHECK(peer.steps == 100);
}

TEST_CASE("who is started again when the others have finished is turned away") {
  const peers::RunSummary summary =
      run(saving() + fault(3.0, "crash", "4") + fault(30.0, "restart", "4")).report.summary;
  CHECK(summary.peers[4].exit == 1);
  CHECK(summary.peers[4].estimate.empty());
  CHECK(summary.peers[0].exit == 0);
}

TEST_CASE("whom nobody knows any more, since all restarted while it was cut off, is found again") {
  const Scratch scratch;
  const std::string starts = scratch.write("starts.csv", {{1.0, -2.0}, {0.0, 3.0}, {-1.0, 0.5}});
  const peers::RunSummary summary =
      laboratory::run(
          laboratory::parse(
              "[objective]\nkind = \"quadratic\"\ncenters = \"" + starts + "\"\nstart = \"" +
              starts + "\"\ncurvature = \"" + scratch.write("flat.csv", {{0.0, 0.0}}) +
              "\"\n[policy]\noptimizer = \"sgd\"\n[simulate]\npeers = 3\nrounds = 300\n" +
              saving() + fault(0.05, "cut", "2") + fault(5.0, "crash", "0") +
              fault(5.5, "restart", "0") + fault(6.0, "crash", "1") + fault(6.5, "restart", "1") +
              fault(12.0, "heal", "2")))
          .report.summary;
  CHECK(summary.consensus_distance < 1e-8);
}

TEST_CASE("a restart that cannot be is refused with its reason") {
  const std::string crash = fault(3.0, "crash", "1");
  const std::string all = "0, 1, 2, 3, 4, 5, 6, 7";
  CHECK(refusal(fault(4.0, "restart", "1") + crash).empty());  // in whatever order they are listed
  CHECK(refusal(fault(3.0, "leave", "1") + fault(4.0, "restart", "1")).empty());
  CHECK_THAT(refusal(crash + fault(2.0, "restart", "1")),
             Contains("peer 1 has neither crashed nor left by 2"));
  CHECK_THAT(refusal(crash + fault(4.0, "restart", "1") + fault(5.0, "restart", "1")),
             Contains("peer 1 has neither crashed nor left by 5"));
  const std::string sync = "[gossip]\npace = \"sync\"\n";
  CHECK_THAT(refusal(sync + crash + fault(4.0, "restart", "1")), Contains("together or nobody"));
  CHECK(refusal(sync + fault(3.0, "crash", all) + fault(4.0, "restart", all)).empty());
  const std::string listed = "[membership]\nmembers = [\"0 a tcp://h:1 tcp://h:2\"]\n";
  CHECK_THAT(refusal(listed + crash + fault(4.0, "restart", "1")),
             Contains("membership.members: where simulated peers restart: expected peers 0 to 7"));
  const std::string alone = "[simulate]\npeers = 1\n";
  const std::string only = fault(3.0, "crash", "0") + fault(4.0, "restart", "0");
  CHECK(refusal(listed + alone + only).empty());
  CHECK_THAT(refusal(listed + alone + sync + only), Contains("at its own round"));
  CHECK_THAT(
      refusal("[checkpoint]\nresume = \"x.safetensors\"\n" + crash + fault(4.0, "restart", "1")),
      Contains("checkpoint.resume: expected none or auto"));
}
