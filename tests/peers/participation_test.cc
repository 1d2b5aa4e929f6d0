// Sampled participation: identities, and the paper's algorithm by matrices, on the product's own
// peers in virtual time.
#include "peers/policies/participation.h"

#include <array>
#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "kernels/open_backend.h"
#include "tests/peers/laboratory.h"
#include "tests/support/config_texts.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

namespace {

using laboratory::difference;
using laboratory::Laboratory;
using laboratory::Matrix;
using laboratory::Numbers;
using laboratory::random_rows;

constexpr std::size_t kPeers = 8;
constexpr double kRate = 0.05;
constexpr const char* kComplete = "topology = \"complete\"\n";

std::string periods(int length, int participants) {
  return "[policy]\noptimizer = \"sgd\"\nlearning_rate = 0.05\nschedule = \"periodic\"\nperiod = " +
         std::to_string(length) + "\nparticipants = " + std::to_string(participants) + "\n";
}

Laboratory unlike_peers() {
  return {random_rows(kPeers, 3, -3.0, 3.0, 21), random_rows(kPeers, 3, 0.5, 2.0, 22)};
}

// Who moved in a period: peers whose second local step begins elsewhere than their first.
std::set<std::size_t> movers(const std::vector<Matrix>& rounds, std::size_t first) {
  std::set<std::size_t> moved;
  for (std::size_t peer = 0; peer < kPeers; ++peer)
    if (rounds[first + 1][peer] != rounds[first][peer]) moved.insert(peer);
  return moved;
}

// The server's next model, by the paper: the mean of what its sample came to from `model`.
Numbers server_step(const Laboratory& lab, const Numbers& model, const std::set<std::size_t>& drawn,
                    int length) {
  Numbers mean(model.size(), 0.0);
  for (const std::size_t peer : drawn) {
    Numbers z = model;
    for (int step = 0; step < length; ++step)
      for (std::size_t k = 0; k < z.size(); ++k)
        z[k] -= kRate * lab.curvature[peer][k] * (z[k] - lab.centers[peer][k]);
    for (std::size_t k = 0; k < z.size(); ++k) mean[k] += z[k] / static_cast<double>(drawn.size());
  }
  return mean;
}

std::array<runtime::PeerId, kPeers> everybody() {
  std::array<runtime::PeerId, kPeers> peers{};
  for (std::size_t i = 0; i < kPeers; ++i) peers.at(i) = runtime::PeerId{i};
  return peers;
}

}  // namespace

TEST_CASE("where as many take part as there are it is local sgd, bit for bit") {
  const Laboratory lab = unlike_peers();
  const auto plain = lab.run(periods(4, 0), 20);
  CHECK(lab.run(periods(4, 8), 20) == plain);
  CHECK(lab.run(periods(4, 9), 20) == plain);
}

TEST_CASE("with exact means it is the paper's server, without one") {
  constexpr int kLength = 4;
  const Laboratory lab = unlike_peers();
  const auto rounds = lab.run(kComplete + periods(kLength, 3), 60 * kLength);
  Numbers model(3, 0.0);
  std::set<std::size_t> seen;
  for (std::size_t first = 0; first < rounds.size() - kLength; first += kLength) {
    REQUIRE(difference(rounds[first], Matrix(kPeers, model)) < 1e-12);
    const auto drawn = movers(rounds, first);
    REQUIRE(drawn.size() == 3);
    seen.insert(drawn.begin(), drawn.end());
    model = server_step(lab, model, drawn, kLength);
  }
  CHECK(seen.size() == kPeers);
}

TEST_CASE(
    "on a sparse graph the mean of all moves by the mean of those drawn, and agreement holds") {
  const Laboratory lab = unlike_peers();
  const auto seen = lab.outcome(
      "topology = \"one-peer-exponential\"\n" + periods(2, 2) + "learning_rate_rule = \"cosine\"\n",
      4000);
  CHECK(seen.weight == Approx(8.0).epsilon(1e-12));
  const Matrix& last = seen.estimates.back();
  for (const Numbers& z : last) CHECK(difference({z}, {last.front()}) < 1e-3);
  CHECK(lab.error(last) < 0.1);
}

TEST_CASE("everybody draws the same peers, each as often") {
  const auto backend = std::move(kernels::open_backend({"reference", 1})->backend);
  const peers::VectorSpace space{backend.get(), 1, kernels::Scalar::kF64};
  const auto members = everybody();
  constexpr std::uint64_t kDraws = 4000;
  std::array<int, kPeers> taken{};
  for (std::uint64_t period = 0; period < kDraws; ++period) {
    std::size_t drawn = 0;
    for (std::size_t i = 0; i < kPeers; ++i) {
      peers::Participation participation({3, 7}, space);
      participation.begin(period, members, members.at(i), space.zeros().view());
      if (!participation.takes_part()) continue;
      ++taken.at(i);
      ++drawn;
    }
    REQUIRE(drawn == 3);
  }
  // 1500 on average, with a deviation of 31.
  for (const int times : taken) CHECK(std::abs(times - 1500) < 160);
}

TEST_CASE("participation is refused where it would mean something else") {
  const auto refused = [](const std::string& more) {
    return test::refusal(
        "gossip.pace = \"sync\"\npolicy.schedule = \"periodic\"\n"
        "policy.participants = 2\n" +
        more);
  };
  CHECK_THAT(
      test::refusal("gossip.pace = \"sync\"\npolicy.participants = 2\n"),
      Catch::Contains("x.toml:2: policy.participants: draws who trains until the next push"));
  CHECK_THAT(test::refusal("policy.schedule = \"periodic\"\npolicy.participants = 2\n"),
             Catch::Contains("out of step nobody waits: it needs gossip.pace = \"sync\""));
  CHECK_THAT(refused("policy.correction = \"fedaware\"\n"),
             Catch::Contains("takes everybody to have trained"));
  CHECK_THAT(refused("train.batch_policy = \"divebatch\"\n"),
             Catch::Contains("batches grow by what everybody's are like"));
  CHECK_THAT(refused("data.tasks = \"label-permutation\"\n"),
             Catch::Contains("tasks change by the batches"));
  CHECK(refused("").empty());
  const peers::Config taken = laboratory::parse(
      "gossip.pace = \"sync\"\npolicy = { schedule = \"periodic\", participants = 2 }\n");
  CHECK(test::accepted(peers::to_toml(taken)) == taken);
}
