// What a round of peers allocates once a run is steady: nothing, whatever the graph. Messages go
// by a network that keeps them where it kept earlier ones, so what is counted is the peers'.

#include "tests/support/count_allocations.h"

#include <memory>
#include <string>
#include <vector>

#include "peers/assembly.h"
#include "runtime/transport.h"
#include "tests/peers/laboratory.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

namespace {

using runtime::Instant;
using runtime::PeerId;

constexpr std::size_t kPeers = 8;

// Hands over whatever it was sent, in order, when asked to.
class Post final : public runtime::Transport {
 public:
  explicit Post(std::size_t from) : from_(from) {}
  runtime::Sent send(PeerId to, runtime::Channel channel,
                     std::span<const runtime::Frame> frames) override {
    if (count_ == letters_.size()) letters_.emplace_back();
    Letter& letter = letters_[count_++];
    letter.to = to;
    letter.delivery.from = PeerId{from_};
    letter.delivery.channel = channel;
    letter.delivery.frames.assign(frames.begin(), frames.end());
    return runtime::Sent::kQueued;
  }
  runtime::Status connect(PeerId /*peer*/, const runtime::Address& /*address*/) override {
    return {};
  }
  void disconnect(PeerId /*peer*/) override {}
  std::size_t receive(std::span<runtime::Delivery> /*out*/) override { return 0; }

  template <typename Take>
  bool deliver(Take take) {
    const std::size_t count = std::exchange(count_, 0);
    for (std::size_t i = 0; i < count; ++i) {
      take(letters_[i].to, letters_[i].delivery);
      letters_[i].delivery.frames.clear();
    }
    return count > 0;
  }

 private:
  struct Letter {
    PeerId to{};
    runtime::Delivery delivery;
  };
  std::size_t from_;
  std::size_t count_ = 0;
  std::vector<Letter> letters_;
};

class Run {
 public:
  explicit Run(const std::string& gossip)
      : config_(laboratory::parse(
            "seed = 3\n[objective]\nkind = \"quadratic\"\ncenters = \"" +
            scratch_.write("centers.csv", laboratory::random_rows(kPeers, 64, 0.9, 1.1, 5)) +
            "\"\n[simulate]\npeers = 8\nrounds = 1000\n[gossip]\nblock_bytes = 64\n" + gossip)),
        surroundings_(std::move(peers::open_surroundings(config_, {kPeers, kPeers})).value()) {
    std::vector<PeerId> ids;
    for (std::uint64_t i = 0; i < kPeers; ++i) ids.push_back(PeerId{i});
    for (std::uint64_t i = 0; i < kPeers; ++i) {
      auto made = peers::Assembly::create(
          config_, surroundings_,
          {.index = i, .id = PeerId{i}, .members = ids, .virtual_time = true}, Instant{});
      REQUIRE(made.ok());
      nodes_.push_back({std::move(made).value(), std::make_unique<Post>(i)});
    }
  }

  // In rounds of all peers, one after the other: what the last of them allocated.
  std::size_t allocations_of_round(int rounds) {
    std::size_t counted = 0;
    for (int i = 0; i < rounds; ++i) counted = count_allocations::in([this] { round(); });
    return counted;
  }

 private:
  struct Node {
    std::unique_ptr<peers::Assembly> assembly;
    std::unique_ptr<Post> post;
  };
  void round() {
    for (Node& node : nodes_) {
      peers::Peer& peer = node.assembly->peer();
      static_cast<void>(peer.advance(Instant{}));
      REQUIRE(peer.ready());
      peer.mix();
      static_cast<void>(peer.compute());
      static_cast<void>(peer.push());
    }
    for (bool any = true; any;) {
      any = false;
      for (Node& node : nodes_) {
        node.assembly->peer().flush(*node.post, Instant{});
        any = node.post->deliver([this](PeerId to, const runtime::Delivery& delivery) {
          nodes_[runtime::value_of(to)].assembly->peer().receive(delivery, Instant{});
        }) || any;
      }
    }
  }

  laboratory::Scratch scratch_;
  peers::Config config_;
  peers::Surroundings surroundings_;
  std::vector<Node> nodes_;
};

}  // namespace

TEST_CASE("a steady round allocates nothing, whatever is pushed and by what weights") {
  const std::string pace = GENERATE("async", "sync");
  const std::string what = GENERATE(
      "blocks_per_push = 1", "blocks_per_push = 2\nblock_choice = \"random\"", "codec = \"bf16\"",
      "codec = \"int8\"", "codec = \"int4\"", "weighting = \"constant\"", "weighting = \"moreau\"",
      "weighting = \"moreau\"\n[gossip.moreau]\nper_block = true",
      "weighting = \"moreau\"\n[gossip.moreau]\ndistance = \"exact\"");
  CAPTURE(pace, what);
  Run run("pace = \"" + pace + "\"\n" + what + "\n");
  CHECK(run.allocations_of_round(200) == 0);
}

TEST_CASE("a steady round of differences allocates nothing") {
  const std::string protocol = GENERATE("choco", "quantized-push-sum");
  const std::string codec = GENERATE("int8", "topk", "randomk", "sign");
  CAPTURE(protocol, codec);
  Run run("pace = \"sync\"\ntopology = \"bidirectional-ring\"\nweighting = \"" +
          std::string(protocol == "choco" ? "metropolis" : "uniform") + "\"\nprotocol = \"" +
          protocol + "\"\ncodec = \"" + codec + "\"\n");
  CHECK(run.allocations_of_round(200) == 0);
}

TEST_CASE("a steady round allocates nothing") {
  const std::string pace = GENERATE("async", "sync");
  const std::string topology =
      GENERATE("one-peer-exponential", "complete", "ring", "bidirectional-ring", "torus",
               "exponential", "p-peer-exponential", "random-k", "random-regular", "matching",
               "erdos-renyi", "base-k", "equidynamic", "clusters");
  CAPTURE(pace, topology);
  Run run("pace = \"" + pace + "\"\ntopology = \"" + topology + "\"\nfanout = 2\n");
  CHECK(run.allocations_of_round(200) == 0);
}
