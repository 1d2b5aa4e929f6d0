// Partial views of many peers in virtual time, as figures: scripts/membership-study runs it.
//
//   view_study KEY=NUMBER...
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "gossip/topology.h"
#include "gossip/wire.h"
#include "tests/support/study_numbers.h"
#include "tests/support/view_graph.h"

namespace {

using runtime::PeerId;

test::StudyNumbers defaults() {
  return {{"peers", 1000},   {"seed", 1},    {"delay_ms", 1},
          {"neighbours", 5}, {"others", 30}, {"settle", 60},  // seconds until all is measured
          {"seconds", 60},                                    // that traffic is counted for
          {"share", 0.8},    // of the peers, which then crash at once
          {"patience", 60},  // seconds that the rest has to become one overlay again
          {"fanout", 2}};    // of the pushes that average
}

struct Spread {
  double mean = 0.0;
  std::size_t min = 0;
  std::size_t max = 0;
};
Spread spread_of(const std::vector<std::size_t>& counts) {
  Spread spread{.min = *std::ranges::min_element(counts), .max = *std::ranges::max_element(counts)};
  for (const std::size_t count : counts)
    spread.mean += static_cast<double>(count) / static_cast<double>(counts.size());
  return spread;
}
void print(const char* name, const Spread& spread) {
  std::printf("\"%s\": [%zu, %.6g, %zu], ", name, spread.min, spread.mean, spread.max);
}

// What a round of pushes leaves of the mean square distance from the mean: push-sum of equal
// shares, each peer to `fanout` of its circle. The views stand still meanwhile.
double contraction(const std::vector<std::vector<PeerId>>& circles, std::size_t fanout,
                   std::uint64_t seed) {
  constexpr std::uint64_t kSkipped = 10;  // until what is left is what leaves most slowly
  constexpr std::uint64_t kRounds = 40;
  const auto topology =
      gossip::make_topology({.name = "view", .fanout = fanout, .seed = seed}).value();
  struct Mass {
    double x = 0.0;
    double w = 0.0;
  };
  runtime::Random random(seed, 5);
  std::vector<Mass> masses(circles.size());
  for (Mass& mass : masses) mass = {random.normal(), 1.0};
  const auto distance = [&masses] {
    double mean = 0.0;
    for (const Mass& mass : masses) mean += mass.x / static_cast<double>(masses.size());
    double sum = 0.0;
    for (const Mass& mass : masses) sum += (mass.x / mass.w - mean) * (mass.x / mass.w - mean);
    return sum;
  };
  double before = 0.0;
  for (std::uint64_t round = 0; round < kSkipped + kRounds; ++round) {
    if (round == kSkipped) before = distance();
    std::vector<Mass> after(masses.size());
    for (std::size_t i = 0; i < masses.size(); ++i) {
      auto to = topology->out_neighbours(round, circles[i], PeerId{i});
      to.push_back(PeerId{i});
      const double share = 1.0 / static_cast<double>(to.size());
      for (const PeerId peer : to) {
        after[runtime::value_of(peer)].x += share * masses[i].x;
        after[runtime::value_of(peer)].w += share * masses[i].w;
      }
    }
    masses = std::move(after);
  }
  return std::pow(distance() / before, 1.0 / static_cast<double>(kRounds));
}

class Study {
 public:
  explicit Study(const test::StudyNumbers& numbers)
      : numbers_(numbers), world_(options_of(numbers)), spoken_to_(count()) {
    for (std::size_t peers = 0; peers <= gossip::kViewPeersMax; ++peers) {
      gossip::ViewMessage message;
      message.peers.resize(peers);
      for (const runtime::Frame& frame : gossip::encode({}, message))
        bytes_of_[peers] += frame.size();
    }
  }

  void run() {
    std::printf("{");
    for (const auto& [name, value] : numbers_) std::printf("\"%s\": %.17g, ", name.c_str(), value);
    world_.run_for(runtime::from_seconds(number("settle")));
    print_graph();
    print_mixing();
    print_traffic();
    print_recovery();
    std::printf("\"fingerprint\": \"%016llx\"}\n",
                static_cast<unsigned long long>(world_.fingerprint()));
  }

 private:
  [[nodiscard]] double number(std::string_view name) const { return numbers_.find(name)->second; }
  [[nodiscard]] std::size_t count() const { return static_cast<std::size_t>(number("peers")); }

  static test::ViewWorldOptions options_of(const test::StudyNumbers& numbers) {
    const auto of = [&](std::string_view name) { return numbers.find(name)->second; };
    return {.peers = static_cast<std::size_t>(of("peers")),
            .view = {.neighbours_max = static_cast<std::size_t>(of("neighbours")),
                     .others_max = static_cast<std::size_t>(of("others"))},
            .link = {.delay = runtime::from_seconds(1e-3 * of("delay_ms"))},
            .seed = static_cast<std::uint64_t>(of("seed"))};
  }

  void print_graph() const {
    const test::ViewGraph graph(world_);
    std::vector<std::size_t> degrees;
    std::vector<std::size_t> named(count());
    for (const PeerId peer : world_.living()) {
      degrees.push_back(graph.degree(peer));
      for (const PeerId other : world_.view(peer).others()) ++named[runtime::value_of(other)];
    }
    print("neighbours_held", spread_of(degrees));
    print("named_by", spread_of(named));
    std::printf("\"parts\": %zu, \"clustering\": %.6g, ", graph.parts().size(), graph.clustering());
  }

  void print_mixing() const {
    std::vector<std::vector<PeerId>> views;
    for (const PeerId peer : world_.living()) {
      const auto circle = world_.view(peer).circle();
      views.emplace_back(circle.begin(), circle.end());
    }
    const std::vector<std::vector<PeerId>> everybody(count(), world_.living());
    const auto fanout = static_cast<std::size_t>(number("fanout"));
    const auto seed = static_cast<std::uint64_t>(number("seed"));
    std::printf("\"contraction\": %.6g, \"contraction_of_all\": %.6g, ",
                contraction(views, fanout, seed), contraction(everybody, fanout, seed));
  }

  void print_traffic() {
    std::uint64_t bytes = 0;
    const std::uint64_t before = world_.messages();
    world_.on_sent = [&](PeerId from, const gossip::ViewPost& post) {
      bytes += bytes_of_.at(post.message.peers.size());
      spoken_to_[runtime::value_of(from)].insert(post.to);
      spoken_to_[runtime::value_of(post.to)].insert(from);
    };
    world_.run_for(runtime::from_seconds(number("seconds")));
    world_.on_sent = {};
    const double peer_seconds = number("peers") * number("seconds");
    std::vector<std::size_t> spoken;
    for (const auto& peers : spoken_to_) spoken.push_back(peers.size());
    std::printf("\"messages_per_peer_second\": %.6g, \"bytes_per_peer_second\": %.6g, ",
                static_cast<double>(world_.messages() - before) / peer_seconds,
                static_cast<double>(bytes) / peer_seconds);
    print("spoken_with", spread_of(spoken));
  }

  void print_recovery() {
    for (const PeerId peer : world_.living())
      if (world_.random().uniform() < number("share")) world_.crash(peer);
    std::printf("\"survivors\": %zu, \"parts_at_once\": %zu, ", world_.living().size(),
                test::ViewGraph(world_).parts().size());
    double connected_after = -1.0;  // not in time
    for (double waited = 0.5; waited <= number("patience") && connected_after < 0; waited += 0.5) {
      world_.run_for(std::chrono::milliseconds(500));
      if (test::ViewGraph(world_).connected()) connected_after = waited;
    }
    std::printf("\"connected_after\": %.6g, ", connected_after);
  }

  test::StudyNumbers numbers_;
  test::ViewWorld world_;
  std::array<std::size_t, gossip::kViewPeersMax + 1> bytes_of_{};
  std::vector<std::set<PeerId>> spoken_to_;
};

}  // namespace

int main(int argc, char** argv) {
  test::StudyNumbers numbers = defaults();
  const std::span arguments(argv, static_cast<std::size_t>(argc));
  if (!test::read_numbers("view_study", arguments.subspan(1), numbers)) return 2;
  Study(numbers).run();
  return 0;
}
