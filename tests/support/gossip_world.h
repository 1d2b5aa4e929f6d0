#pragma once
// Gossip nodes at their own pace on one simulated network.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "runtime/check.h"
#include "runtime/random.h"
#include "tests/support/gossip_node.h"

namespace test {

struct WorldOptions {
  std::size_t peer_count = 4;
  gossip::TopologyOptions topology;
  runtime::Link link{.delay = std::chrono::milliseconds(2)};
  std::uint64_t seed = 1;
  double start = 0.0;  // of every parameter of every peer; 0: drawn
  std::string_view codec = "f32";
  double suspicion_multiplier = 20.0;  // of 20 ms
  gossip::Acknowledge acknowledge = gossip::Acknowledge::kFolded;
};

class GossipWorld {
 public:
  explicit GossipWorld(const WorldOptions& options)
      : random_(options.seed, 1),
        network_(static_cast<std::uint32_t>(options.peer_count), options.seed),
        topology_(gossip::make_topology(options.topology).value()),
        weighting_(gossip::make_weighting({.name = "uniform"}).value()),
        codec_(gossip::make_codec({.name = options.codec}).value()) {
    network_.set_all_links(options.link);
    for (const runtime::PeerId id : peers(options.peer_count)) {
      std::vector<double> start(layout_.parameter_count(), options.start);
      if (options.start == 0.0)
        for (double& x : start) x = random_.uniform(-10.0, 10.0);
      starts_.push_back(start);
      nodes_.push_back(std::make_unique<GossipNode>(
          id, options.peer_count,
          GossipNode::Parts{&layout_, topology_.get(), weighting_.get(), codec_.get(), &network_,
                            &ledger_, options.suspicion_multiplier, options.acknowledge},
          std::span<const double>(starts_.back())));
      alive_.push_back(true);
      network_.on_arrival(id, [this, id] { node(id).receive(); });
      beat(id);
      step(id);
    }
  }

  [[nodiscard]] runtime::SimNetwork& network() { return network_; }
  [[nodiscard]] const gossip::BlockLayout& layout() const { return layout_; }
  [[nodiscard]] runtime::Random& random() { return random_; }
  [[nodiscard]] GossipNode& node(runtime::PeerId id) { return *nodes_[runtime::value_of(id)]; }
  [[nodiscard]] Ledger& ledger() { return ledger_; }

  // `check` runs after every event, if given.
  void run_for(runtime::Duration span, const std::function<void()>& check = {}) {
    const runtime::Instant end = network_.clock().now() + span;
    while (network_.clock().now() < end && network_.run_next_event())
      if (check) check();
  }
  // No pushes any more, until everything has arrived everywhere.
  void run_until_quiet() {
    stepping_ = false;
    for (int turn = 0; turn < 1000 && !is_quiet(); ++turn) run_for(std::chrono::milliseconds(20));
    CHECK(is_quiet());
  }
  void crash(runtime::PeerId id) {
    alive_[runtime::value_of(id)] = false;
    network_.set_alive(id, false);
  }

  // What the living hold, and what the living started with.
  [[nodiscard]] Amount held() {
    Amount sum(layout_.parameter_count());
    for_each_living([&](runtime::PeerId id) {
      node(id).fold();
      sum.add(node(id).held());
    });
    return sum;
  }
  [[nodiscard]] Amount started_with() {
    Amount sum(layout_.parameter_count());
    for_each_living([&](runtime::PeerId id) {
      Amount start(layout_.parameter_count());
      start.weight = layout_.block_count();
      start.x = starts_[runtime::value_of(id)];
      sum.add(start);
    });
    return sum;
  }
  void for_each_living(const std::function<void(runtime::PeerId)>& visit) {
    for (const runtime::PeerId id : peers(nodes_.size()))
      if (alive_[runtime::value_of(id)]) visit(id);
  }

 private:
  [[nodiscard]] bool is_quiet() {
    bool quiet = true;
    for_each_living(
        [&](runtime::PeerId id) { quiet = quiet && node(id).exchange().parcels_in_flight() == 0; });
    return quiet;
  }
  void beat(runtime::PeerId id) {
    if (!alive_[runtime::value_of(id)]) return;
    node(id).tick();
    network_.call_at(network_.clock().now() + std::chrono::milliseconds(5),
                     [this, id] { beat(id); });
  }
  void step(runtime::PeerId id) {
    if (!alive_[runtime::value_of(id)]) return;
    if (stepping_)
      node(id).step();
    else
      node(id).settle();
    network_.call_at(
        network_.clock().now() + runtime::Duration(1'000'000 + random_.below(9'000'000)),
        [this, id] { step(id); });
  }

  gossip::BlockLayout layout_{5, 16, kernels::Scalar::kF64};  // 2, 2 and 1 numbers
  runtime::Random random_;
  runtime::SimNetwork network_;
  std::unique_ptr<gossip::Topology> topology_;
  std::unique_ptr<gossip::Weighting> weighting_;
  std::unique_ptr<gossip::Codec> codec_;
  Ledger ledger_{layout_, *codec_};
  std::vector<std::vector<double>> starts_;
  std::vector<std::unique_ptr<GossipNode>> nodes_;
  std::vector<bool> alive_;
  bool stepping_ = true;
};

}  // namespace test
