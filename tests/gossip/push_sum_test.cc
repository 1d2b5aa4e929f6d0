// Synchronous push-sum through Mass, Inbox and the topologies, against published figures.

#include <cmath>
#include <memory>

#include "gossip/inbox.h"
#include "gossip/mass.h"
#include "gossip/topology.h"
#include "gossip/weighting.h"
#include "tests/support/far_backend.h"
#include "tests/support/snapshots.h"
#include "tests/support/take_all.h"
#include "tests/support/temporary_file.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

using gossip::Inbox;
using gossip::Mass;
using gossip::Topology;
using runtime::PeerId;

namespace {

// Peers that own one number each, x_i = i at the start, and mix in rounds.
class RoundsInStep {
 public:
  RoundsInStep(std::size_t count, std::unique_ptr<Topology> topology)
      : topology_(std::move(topology)), members_(test::peers(count)) {
    for (std::size_t i = 0; i < count; ++i) {
      const std::vector<double> start{static_cast<double>(i)};
      masses_.push_back(std::make_unique<Mass>(layout_, *backend_, std::span(start)));
      inboxes_.push_back(std::make_unique<Inbox>(layout_, Inbox::Order::kByRound));
    }
  }

  void step() {
    for (const PeerId self : members_) push(self);
    for (std::size_t i = 0; i < masses_.size(); ++i) {
      REQUIRE(inboxes_[i]->complete(round_, topology_->in_neighbours(round_, members_, members_[i]),
                                    test::all_blocks(layout_)));
      test::fold_all(*inboxes_[i], layout_, round_ + 1, *masses_[i]);
    }
    ++round_;
  }
  void steps(int count) {
    for (int i = 0; i < count; ++i) step();
  }

  [[nodiscard]] std::vector<double> estimates() const {
    std::vector<double> z;
    for (const auto& mass : masses_) {
      z.push_back(mass->estimate().as<double>()[0]);
    }
    return z;
  }
  [[nodiscard]] std::vector<double> weights() const {
    std::vector<double> weights;
    for (const auto& mass : masses_) weights.push_back(mass->weight(0));
    return weights;
  }
  [[nodiscard]] double error() const {
    const double mean = static_cast<double>(masses_.size() - 1) / 2.0;
    double worst = 0.0;
    for (const double z : estimates()) worst = std::max(worst, std::abs(z - mean));
    return worst;
  }

 private:
  void push(PeerId self) {
    Mass& mass = *masses_[runtime::value_of(self)];
    const auto receivers = topology_->out_neighbours(round_, members_, self);
    const gossip::List<double> shares = weighting_->shares({.round = round_,
                                                            .members = members_,
                                                            .self = self,
                                                            .receivers = receivers,
                                                            .topology = topology_.get()});
    const auto snapshot = mass.snapshot();
    double kept = 1.0;
    for (std::size_t i = 0; i < receivers.size(); ++i) {
      inboxes_[runtime::value_of(receivers[i])]->add(self, {.round = round_,
                                                            .block = 0,
                                                            .sequence = round_,
                                                            .share = shares[i],
                                                            .weight = snapshot->weights[0],
                                                            .checksum = snapshot->checksums[0],
                                                            .payload = snapshot->z});
      kept -= shares[i];
    }
    mass.keep(0, kept);
  }

  gossip::BlockLayout layout_{1, 8, kernels::Scalar::kF64};
  std::unique_ptr<kernels::Backend> backend_ = test::reference_backend();
  std::unique_ptr<gossip::Weighting> weighting_ =
      gossip::make_weighting({.name = "uniform"}).value();
  std::unique_ptr<Topology> topology_;
  std::vector<PeerId> members_;
  std::vector<std::unique_ptr<Mass>> masses_;
  std::vector<std::unique_ptr<Inbox>> inboxes_;
  std::uint64_t round_ = 0;
};

std::unique_ptr<Topology> named(const char* name) {
  return gossip::make_topology({.name = name}).value();
}

void check_close(const std::vector<double>& found, const std::vector<double>& expected,
                 double margin) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    CAPTURE(i);
    CHECK(found[i] == Approx(expected[i]).epsilon(0.0).margin(margin));
  }
}

}  // namespace

TEST_CASE("a lone peer averages with nobody") {
  RoundsInStep peers(1, named("one-peer-exponential"));
  peers.steps(5);
  CHECK(peers.weights() == std::vector{1.0});
  CHECK(peers.estimates() == std::vector{0.0});
}

TEST_CASE("on the complete graph one round averages") {
  RoundsInStep peers(5, named("complete"));
  peers.step();
  check_close(peers.estimates(), {2, 2, 2, 2, 2}, 1e-15);
}

TEST_CASE("one-peer-exponential, eight peers: the trace of three rounds, then the exact average") {
  RoundsInStep peers(8, named("one-peer-exponential"));
  peers.step();
  CHECK(peers.estimates() == std::vector{3.5, 0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5});
  peers.step();
  CHECK(peers.estimates() == std::vector{4.5, 3.5, 2.5, 1.5, 2.5, 3.5, 4.5, 5.5});
  peers.step();
  CHECK(peers.estimates() == std::vector<double>(8, 3.5));
  CHECK(peers.weights() == std::vector<double>(8, 1.0));
}

TEST_CASE("one-peer-exponential averages exactly in log2(N) rounds where N is a power of two") {
  for (int rounds = 1; rounds <= 5; ++rounds) {
    RoundsInStep peers(std::size_t{1} << rounds, named("one-peer-exponential"));
    peers.steps(rounds - 1);
    CHECK(peers.error() > 0.0);
    peers.step();
    CHECK(peers.error() == 0.0);
  }
}

TEST_CASE("one-peer-exponential, six peers: the error after 3, 6, 9, 12, 24 and 48 rounds") {
  RoundsInStep peers(6, named("one-peer-exponential"));
  const std::vector<std::pair<int, double>> expected{
      {3, .5}, {6, .09375}, {9, .01953125}, {12, .00439453}, {24, 9.656e-6}, {48, 4.66e-11}};
  int round = 0;
  for (const auto& [until, error] : expected) {
    CAPTURE(until);
    for (; round < until; ++round) peers.step();
    CHECK(peers.error() == Approx(error).epsilon(1e-3));
  }
}

TEST_CASE("two cliques with uniform weights: estimates after 1 and 10 rounds, weights, the limit") {
  RoundsInStep peers(6, named("clusters"));
  peers.step();
  check_close(peers.estimates(), {1.5, 1.090909, 1.090909, 3.214286, 4.090909, 4.090909}, 1e-6);
  peers.steps(4);
  CHECK(peers.weights()[0] == Approx(1.199974).epsilon(0.0).margin(1e-6));
  peers.steps(5);
  check_close(peers.estimates(), {2.273211, 2.10975, 2.10975, 2.726789, 2.89025, 2.89025}, 1e-6);
  peers.steps(290);
  check_close(peers.weights(), {1.2, .9, .9, 1.2, .9, .9}, 1e-12);
  check_close(peers.estimates(), std::vector<double>(6, 2.5), 1e-9);
}
