#include "gossip/mixing.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "runtime/check.h"
#include "runtime/random.h"

namespace gossip {
namespace {

constexpr std::size_t kAllDirectionsMax = 64;  // peers
constexpr std::size_t kRandomDirections = 4;
// Below this part of the start, what is left is rounding; a single round that takes it there from
// far above has averaged.
constexpr double kRounding = 1e-20;
constexpr double kOneRoundExact = 1e-10;
constexpr std::uint64_t kRoundsMin = 8;
constexpr double kWeightRounding = 1e-9;

// All peers' masses at once: a row of x and a weight each.
class Crowd {
 public:
  explicit Crowd(std::size_t peer_count)
      : columns_(peer_count <= kAllDirectionsMax ? peer_count : kRandomDirections),
        weights_(peer_count, 1.0),
        x_(peer_count * columns_, 0.0),
        means_(columns_, 0.0) {
    runtime::Random random(1);
    for (std::uint64_t id = 0; id < peer_count; ++id) {
      members_.push_back(runtime::PeerId{id});
      if (columns_ == peer_count)
        x_[id * columns_ + id] = 1.0;
      else
        for (std::size_t k = 0; k < columns_; ++k) x_[id * columns_ + k] = random.normal();
    }
    for (std::size_t i = 0; i < x_.size(); ++i)
      means_[i % columns_] += x_[i] / static_cast<double>(peer_count);
  }

  [[nodiscard]] std::size_t columns() const { return columns_; }
  [[nodiscard]] double square_distance() const {
    double sum = 0.0;
    for (std::size_t i = 0; i < x_.size(); ++i) {
      const double away = x_[i] / weights_[i / columns_] - means_[i % columns_];
      sum += away * away;
    }
    return sum;
  }
  [[nodiscard]] bool weights_are_one() const {
    return std::ranges::all_of(
        weights_, [](double weight) { return std::abs(weight - 1.0) < kWeightRounding; });
  }

  // Notes the degrees of the round in `mixing`; returns the number of edges.
  std::uint64_t push(const Topology& topology, const Weighting& weighting, std::uint64_t round,
                     Mixing& mixing);

 private:
  void give(std::size_t from, std::size_t to, double share, Crowd& after) const {
    after.weights_[to] += share * weights_[from];
    for (std::size_t k = 0; k < columns_; ++k)
      after.x_[to * columns_ + k] += share * x_[from * columns_ + k];
  }

  std::size_t columns_;
  std::vector<runtime::PeerId> members_;
  std::vector<double> weights_;
  std::vector<double> x_;
  std::vector<double> means_;
};

std::uint64_t Crowd::push(const Topology& topology, const Weighting& weighting, std::uint64_t round,
                          Mixing& mixing) {
  Crowd after = *this;
  std::ranges::fill(after.weights_, 0.0);
  std::ranges::fill(after.x_, 0.0);
  std::uint64_t edges = 0;
  for (std::size_t from = 0; from < members_.size(); ++from) {
    const auto receivers = topology.out_neighbours(round, members_, members_[from]);
    const List<double> shares = weighting.shares({.round = round,
                                                  .members = members_,
                                                  .self = members_[from],
                                                  .receivers = receivers,
                                                  .topology = &topology});
    CHECK(shares.size() == receivers.size());
    double kept = 1.0;
    for (std::size_t i = 0; i < receivers.size(); ++i) {
      give(from, runtime::value_of(receivers[i]), shares[i], after);
      kept -= shares[i];
    }
    give(from, from, kept, after);
    mixing.out_degree_min = std::min(mixing.out_degree_min, receivers.size());
    mixing.out_degree_max = std::max(mixing.out_degree_max, receivers.size());
    edges += receivers.size();
  }
  *this = std::move(after);
  return edges;
}

// How many edges a round has where all peers are like the first.
std::uint64_t edges_of_first(const Topology& topology, std::size_t peer_count) {
  std::vector<runtime::PeerId> members;
  for (std::uint64_t id = 0; id < peer_count; ++id) members.push_back(runtime::PeerId{id});
  return topology.out_neighbours(0, members, members.front()).size() * peer_count;
}

// Whether the `rounds` rounds from `first` on average exactly, and no fewer of them.
bool exact_from(const Topology& topology, const Weighting& weighting, std::size_t peer_count,
                std::uint64_t first, std::uint64_t rounds) {
  Crowd crowd(peer_count);
  const double rounding = kRounding * crowd.square_distance();
  Mixing ignored;
  for (std::uint64_t round = first; round < first + rounds; ++round) {
    if (crowd.square_distance() <= rounding) return false;
    static_cast<void>(crowd.push(topology, weighting, round, ignored));
  }
  return crowd.square_distance() <= rounding;
}

// Rounds that are drawn may average exactly once, by chance; hardly three times after as many.
bool exact_again(const Topology& topology, const Weighting& weighting, std::size_t peer_count,
                 std::uint64_t rounds) {
  return exact_from(topology, weighting, peer_count, rounds, rounds) &&
         exact_from(topology, weighting, peer_count, 2 * rounds, rounds);
}

}  // namespace

std::optional<Mixing> measure_mixing(const Topology& topology, const Weighting& weighting,
                                     const MixingOptions& options) {
  CHECK(options.peer_count > 0);
  if (options.peer_count == 1)
    return Mixing{.doubly_stochastic = true, .contraction = 0.0, .exact_after = 0};
  Crowd crowd(options.peer_count);
  Mixing mixing{.out_degree_min = options.peer_count, .doubly_stochastic = true, .exact_after = {}};
  const double start = crowd.square_distance();
  double left = start;
  std::uint64_t edges = edges_of_first(topology, options.peer_count);
  std::uint64_t additions = 0;
  while (mixing.rounds < options.rounds_max) {
    additions += (edges + options.peer_count) * crowd.columns();
    if (additions > options.additions_max) break;
    edges = crowd.push(topology, weighting, mixing.rounds, mixing);
    mixing.doubly_stochastic = mixing.doubly_stochastic && crowd.weights_are_one();
    const double before = std::exchange(left, crowd.square_distance());
    ++mixing.rounds;
    if (left > kRounding * start) continue;
    if (left > kOneRoundExact * before) break;
    if (exact_again(topology, weighting, options.peer_count, mixing.rounds))
      mixing.exact_after = mixing.rounds;
    if (mixing.exact_after || mixing.rounds == 1) break;
    left = before;  // a lucky round is no measure of the others
    --mixing.rounds;
    break;
  }
  // The first rounds of a dense graph say nothing of the later ones.
  const bool cut_short = mixing.rounds < std::min(kRoundsMin, options.rounds_max);
  if (cut_short && left > kRounding * start && additions > options.additions_max)
    return std::nullopt;
  mixing.contraction = std::pow(left / start, 1.0 / static_cast<double>(mixing.rounds));
  return mixing;
}

}  // namespace gossip
