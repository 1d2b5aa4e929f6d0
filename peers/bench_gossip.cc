#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <semaphore>
#include <thread>
#include <vector>

#include "kernels/open_backend.h"
#include "peers/bench.h"
#include "peers/gossip_thread.h"
#include "peers/peer.h"
#include "peers/policies/every_step.h"
#include "peers/policies/sgd.h"
#include "runtime/clock.h"

namespace peers {
namespace {

// Nothing to learn: the peers only gossip.
class Idle final : public Objective {
 public:
  explicit Idle(std::size_t parameters) : parameters_(parameters) {}
  [[nodiscard]] std::size_t parameter_count() const override { return parameters_; }
  [[nodiscard]] kernels::Scalar scalar() const override { return kernels::Scalar::kF32; }
  [[nodiscard]] std::size_t batch_samples() const override { return 0; }
  void write_start(kernels::View host) const override {
    for (float& value : host.as<float>()) value = 1.0F;
  }
  void next_batch() override {}
  double gradient_at(kernels::ConstView /*estimate*/, kernels::View /*gradient*/) override {
    return 0.0;
  }
  [[nodiscard]] std::optional<Quality> evaluate(kernels::ConstView /*estimate*/) override {
    return {};
  }

 private:
  std::size_t parameters_;
};

// The parts that all peers of the bench share; none has state.
struct Common {
  gossip::BlockLayout layout;
  EveryStep schedule{LearningRate::create({.base = 0.0}).value()};
  std::unique_ptr<gossip::Topology> topology;
  std::unique_ptr<gossip::Weighting> weighting;
  std::unique_ptr<gossip::Codec> codec;
  std::optional<runtime::CurveOptions> curve;  // one key for all
  runtime::WallClock clock;
};

struct BenchPeer {
  std::unique_ptr<kernels::Backend> backend;
  std::unique_ptr<Idle> objective;
  std::unique_ptr<Sgd> optimizer;
  std::unique_ptr<Peer> peer;
  std::unique_ptr<runtime::ZmqTransport> transport;
  std::unique_ptr<GossipThread> gossip;
  std::atomic<std::uint64_t> pushes = 0;
};

runtime::Status make_peer(Common& common, const BenchGossipOptions& options,
                          const std::vector<runtime::PeerId>& members, std::size_t index,
                          BenchPeer& made) {
  auto backend = kernels::open_backend({"cpu", 1});
  if (!backend) return backend.error();
  made.backend = std::move(backend->backend);
  made.optimizer =
      std::make_unique<Sgd>(OptimizerOptions{}, VectorSpace{.backend = made.backend.get()});
  auto transport = runtime::ZmqTransport::open(
      {.self = members[index],
       .listen = options.listen,
       .message_bytes_max = std::max<std::size_t>(options.block_bytes, gossip::kHeaderBytesMax),
       .curve = common.curve});
  if (!transport) return transport.error();
  made.transport = std::move(transport).value();
  made.objective = std::make_unique<Idle>(common.layout.parameter_count());
  const PeerParts parts{.objective = made.objective.get(),
                        .optimizer = made.optimizer.get(),
                        .schedule = &common.schedule,
                        .topology = common.topology.get(),
                        .weighting = common.weighting.get(),
                        .layout = &common.layout,
                        .backend = made.backend.get(),
                        .codec = common.codec.get()};
  PeerOptions peer_options;
  peer_options.self = {members[index], 1, 1};
  made.peer = std::make_unique<Peer>(peer_options, parts,
                                     gossip::Members(members[index], members, common.clock.now()),
                                     common.clock.now());
  return {};
}

// Mixes and pushes until told to stop: a training loop without training.
void gossip_until(const std::atomic<bool>& stop, BenchPeer& bench) {
  while (!stop) {
    bench.peer->mix();
    bench.gossip->wake();  // acknowledgements
    if (bench.peer->push()) {
      ++bench.pushes;
      bench.gossip->wake();
    } else {
      bench.gossip->wait_for_arrivals(runtime::Duration(10'000'000));
    }
  }
}

std::uint64_t parcels_received(const std::vector<BenchPeer>& peers) {
  std::uint64_t parcels = 0;
  for (const BenchPeer& bench : peers) parcels += bench.peer->status().traffic.parcels_received;
  return parcels;
}

std::uint64_t pushes_of(const std::vector<BenchPeer>& peers) {
  std::uint64_t pushes = 0;
  for (const BenchPeer& bench : peers) pushes += bench.pushes;
  return pushes;
}

void wait_for(runtime::Duration span) {
  std::binary_semaphore never(0);  // the standard's way to let time pass without a sleep
  static_cast<void>(never.try_acquire_for(span));
}

runtime::Status start_peers(Common& common, const BenchGossipOptions& options,
                            std::vector<BenchPeer>& peers) {
  std::vector<runtime::PeerId> members;
  for (std::size_t i = 0; i < peers.size(); ++i) members.push_back(runtime::PeerId{i});
  for (std::size_t i = 0; i < peers.size(); ++i) {
    if (auto made = make_peer(common, options, members, i, peers[i]); !made) return made;
  }
  for (std::size_t i = 0; i < peers.size(); ++i) {
    for (std::size_t j = 0; j < peers.size(); ++j) {
      if (i == j) continue;
      if (auto dialled = peers[i].transport->connect(members[j], peers[j].transport->address());
          !dialled) {
        return dialled;
      }
    }
  }
  for (BenchPeer& bench : peers) {
    bench.gossip = std::make_unique<GossipThread>(
        *bench.peer,
        GossipThread::Parts{.transport = bench.transport.get(), .clock = &common.clock});
  }
  return {};
}

// The books at the end: nothing is under way any more once every parcel has been acknowledged.
double weight_at_rest(const Common& common, std::vector<BenchPeer>& peers) {
  for (int i = 0; i < 200; ++i) {
    bool quiet = true;
    for (BenchPeer& bench : peers) {
      bench.peer->mix();
      bench.gossip->wake();
      quiet = quiet && bench.peer->quiet();
    }
    if (quiet) break;
    wait_for(std::chrono::milliseconds(10));
  }
  double total = 0.0;
  for (BenchPeer& bench : peers) {
    bench.peer->advance(common.clock.now());
    const PeerStatus status = bench.peer->status();
    total += status.weight + status.weight_in_flight;
  }
  return total;
}

BenchGossipReport measure(Common& common, const BenchGossipOptions& options,
                          std::vector<BenchPeer>& peers) {
  std::atomic<bool> stop = false;
  std::vector<std::thread> trainers;
  for (BenchPeer& bench : peers)
    trainers.emplace_back([&stop, &bench] { gossip_until(stop, bench); });
  wait_for(runtime::from_seconds(options.window_seconds));  // connections, first snapshots
  std::vector<double> gigabytes;
  std::vector<double> pushes;
  const double parcel_bytes = static_cast<double>(options.bytes) / common.layout.block_count();
  for (std::size_t window = 0; window < options.windows; ++window) {
    const runtime::Instant begin = common.clock.now();
    const std::uint64_t parcels_before = parcels_received(peers);
    const std::uint64_t pushes_before = pushes_of(peers);
    wait_for(runtime::from_seconds(options.window_seconds));
    const double seconds = runtime::to_seconds(common.clock.now() - begin);
    gigabytes.push_back(static_cast<double>(parcels_received(peers) - parcels_before) *
                        parcel_bytes * 1e-9 / seconds);
    pushes.push_back(static_cast<double>(pushes_of(peers) - pushes_before) / seconds);
  }
  stop = true;
  for (std::thread& trainer : trainers) trainer.join();
  return {spread_of(std::move(gigabytes)), spread_of(std::move(pushes)).median,
          weight_at_rest(common, peers)};
}

}  // namespace

runtime::Result<BenchGossipReport> bench_gossip(const BenchGossipOptions& options) {
  auto topology = gossip::make_topology({.name = "ring", .file = {}});
  auto weighting = gossip::make_weighting({.name = "uniform"});
  if (!topology) return topology.error();
  if (!weighting) return weighting.error();
  auto codec = gossip::make_codec({.name = options.codec});
  if (!codec) return codec.error();
  const std::size_t parameters = options.bytes / sizeof(float);
  Common common{
      .layout = gossip::BlockLayout(parameters, options.block_bytes, kernels::Scalar::kF32),
      .topology = std::move(topology).value(),
      .weighting = std::move(weighting).value(),
      .codec = std::move(codec).value(),
      .curve = {},
      .clock = {}};
  if (options.curve) common.curve = {.keys = runtime::generate_keys()};
  std::vector<BenchPeer> peers(options.peers);
  if (auto started = start_peers(common, options, peers); !started) return started.error();
  return measure(common, options, peers);
}

}  // namespace peers
