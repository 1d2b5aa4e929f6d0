// Runs in which far estimates are clipped: nothing changes where none is, and one peer that pulls
// away takes nobody along.
#include <algorithm>
#include <cmath>

#include "tests/peers/laboratory.h"

namespace {

using laboratory::Matrix;
using laboratory::Scratch;

constexpr std::size_t kPeers = 8;

// Optima near one, but for the last peer's, which is at `last`.
std::string quadratic(const Scratch& scratch, double last) {
  Matrix centers = laboratory::random_rows(kPeers, 3, 0.9, 1.1, 5);
  std::ranges::fill(centers.back(), last);
  return "seed = 3\n[objective]\nkind = \"quadratic\"\ncenters = \"" +
         scratch.write("centers.csv", centers) + "\"\nstart = \"" +
         scratch.write("start.csv", {{1.0, 1.0, 1.0}}) +
         "\"\n[simulate]\npeers = 8\nrounds = 200\nprecision = \"f64\"\n"
         "step_seconds = [0.1, 0.13]\n[policy]\nlearning_rate = 0.1\n";
}

std::string clipping(double limit) {
  return "[security]\nnorm_limit = " + std::to_string(limit) + "\nnorm_action = \"clip\"\n";
}

double farthest_from_one(const peers::RunSummary& summary) {
  double worst = 0.0;
  for (const peers::PeerSummary& peer : summary.peers) {
    if (&peer == &summary.peers.back()) continue;
    for (const double z : peer.estimate) worst = std::max(worst, std::abs(z - 1.0));
  }
  return worst;
}

}  // namespace

TEST_CASE("a run in which nothing is far is bit for bit the one without clipping") {
  const std::string gossip =
      GENERATE("pace = \"async\"\ntopology = \"random-k\"", "pace = \"bounded\"", "pace = \"sync\"",
               "protocol = \"d-sgd\"", "protocol = \"ad-psgd\"", "protocol = \"allreduce\"",
               "pace = \"sync\"\n[policy.overlapped]", "pace = \"async\"\nblocks_per_push = 1");
  CAPTURE(gossip);
  const Scratch scratch;
  std::string toml = quadratic(scratch, 1.05);
  std::string rest = "[gossip]\n" + gossip + "\n";
  if (const auto at = rest.find("[policy.overlapped]"); at != std::string::npos) {
    rest.erase(at);
    toml += "schedule = \"overlapped\"\nperiod = 4\n";
  }
  const auto plain = laboratory::run(laboratory::parse(toml + rest));
  const auto clipped = laboratory::run(laboratory::parse(toml + rest + clipping(50.0)));
  CHECK(clipped.report.fingerprint == plain.report.fingerprint);
  CHECK(peers::results_fingerprint(clipped.report.summary) ==
        peers::results_fingerprint(plain.report.summary));
}

TEST_CASE("a peer that pulls away without end takes nobody along, and all weight stays") {
  const std::string gossip = GENERATE("pace = \"async\"\ntopology = \"random-k\"\nfanout = 2\n",
                                      "pace = \"sync\"\ntopology = \"exponential\"\n",
                                      "protocol = \"d-sgd\"\ntopology = \"bidirectional-ring\"\n",
                                      "protocol = \"ad-psgd\"\n");
  CAPTURE(gossip);
  const Scratch scratch;
  const std::string toml = quadratic(scratch, 1e6) + "[gossip]\n" + gossip;
  CHECK(farthest_from_one(laboratory::run(laboratory::parse(toml)).report.summary) > 1e4);
  const auto clipped = laboratory::run(laboratory::parse(toml + clipping(0.1)));
  CHECK(farthest_from_one(clipped.report.summary) < 0.5);
  const double weight =
      clipped.report.summary.weight_total + clipped.report.summary.weight_in_flight;
  CHECK(weight == Approx(8.0).epsilon(1e-12));
}
