// Mass that is copied from and to a device while the device goes on: on a GPU that does all as late
// as it may, what is not waited for shows.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "gossip/codec.h"
#include "gossip/digest.h"
#include "gossip/distances.h"
#include "gossip/mass.h"
#include "tests/support/far_backend.h"
#include "tests/support/gpus.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

namespace {

using gossip::BlockLayout;
using gossip::Mass;
using kernels::Scalar;

constexpr std::array kStart{1.0, 2.0, 3.0};

struct Peer {
  explicit Peer(const std::string& name) : gpu(test::gpu(name)) {}

  const std::unique_ptr<kernels::Backend> gpu;
  const BlockLayout layout{3, 16, Scalar::kF64};  // two blocks
  Mass mass{layout, *gpu, std::span<const double>(kStart)};

  [[nodiscard]] std::vector<double> estimate() {
    std::vector<double> host(3);
    gpu->download(mass.estimate(), std::span(host));
    return host;
  }
  // A sum of the inbox's: its numbers in memory of their own.
  void begin_fold(std::uint32_t block, double weight, const std::vector<double>& numbers) {
    gossip::AlignedMemory memory = gpu->host_memory(numbers.size() * sizeof(double));
    const kernels::View view(memory.get(), numbers.size(), Scalar::kF64);
    std::ranges::copy(numbers, view.as<double>().begin());
    mass.begin_fold({.block = block, .weight = weight, .factor = weight, .numbers = view},
                    std::move(memory));
  }
  void fold(std::uint32_t block, double weight, const std::vector<double>& numbers) {
    mass.fold({.block = block, .weight = weight, .factor = weight, .numbers = std::span(numbers)});
  }
};

}  // namespace

TEST_CASE("a snapshot under way is of the mass as it was, whatever comes before it is finished") {
  const std::string gpu_name = GENERATE(from_range(test::gpus()));
  CAPTURE(gpu_name);
  Peer peer(gpu_name);
  peer.mass.keep(1, 0.5);
  gossip::SnapshotUnderWay under_way = peer.mass.begin_snapshot();
  kernels::Buffer delta = peer.gpu->allocate(3, Scalar::kF64);
  peer.gpu->fill(1.0, delta.view());
  peer.mass.move(1.0, delta.view());
  peer.mass.keep(0, 0.25);
  CHECK(peer.estimate() == std::vector{2.0, 3.0, 5.0});  // the last block weighs half
  CHECK(under_way.begun().weights == std::vector{1.0, 0.5});
  const auto snapshot = under_way.finish();
  CHECK(snapshot->finite);
  std::vector<double> z;
  for (std::uint32_t block = 0; block < 2; ++block) {
    const auto numbers = gossip::numbers_of(*snapshot, block, peer.layout).as<double>();
    z.insert(z.end(), numbers.begin(), numbers.end());
    CHECK(snapshot->checksums[block] ==
          gossip::checksum(snapshot->payload(block, peer.layout).bytes()));
  }
  CHECK(std::ranges::equal(z, kStart));
}

TEST_CASE("two snapshots under way are of their own moments") {
  const std::string gpu_name = GENERATE(from_range(test::gpus()));
  CAPTURE(gpu_name);
  Peer peer(gpu_name);
  gossip::SnapshotUnderWay first = peer.mass.begin_snapshot();
  peer.fold(0, 1.0, {3.0, 4.0});
  gossip::SnapshotUnderWay second = peer.mass.begin_snapshot();
  peer.fold(0, 2.0, {9.0, 9.0});
  const auto later = second.finish();
  const auto earlier = first.finish();
  CHECK(gossip::numbers_of(*earlier, 0, peer.layout).as<double>()[0] == 1.0);
  CHECK(gossip::numbers_of(*later, 0, peer.layout).as<double>()[0] == 2.0);
}

TEST_CASE("a snapshot under way shows what is no number once it is there") {
  const std::string gpu_name = GENERATE(from_range(test::gpus()));
  CAPTURE(gpu_name);
  Peer peer(gpu_name);
  kernels::Buffer delta = peer.gpu->allocate(3, Scalar::kF64);
  peer.gpu->fill(std::numeric_limits<double>::infinity(), delta.view());
  peer.mass.move(1.0, delta.view());
  CHECK_FALSE(peer.mass.begin_snapshot().finish()->finite);
}

TEST_CASE("a fold in two parts ends as one at once does, on the mass as it is by then") {
  const std::string gpu_name = GENERATE(from_range(test::gpus()));
  CAPTURE(gpu_name);
  Peer in_two(gpu_name);
  Peer at_once(gpu_name);
  const std::vector first{10.0, 20.0};
  const std::vector second{7.0};
  in_two.begin_fold(0, 0.5, first);
  in_two.begin_fold(1, 3.0, second);
  CHECK(in_two.mass.weight_under_way() == 3.5);
  CHECK(in_two.mass.mean_weight() == 1.0);
  CHECK(std::ranges::equal(in_two.estimate(), kStart));

  for (Peer* const peer : {&at_once, &in_two}) {
    kernels::Buffer delta = peer->gpu->allocate(3, Scalar::kF64);
    peer->gpu->fill(1.0, delta.view());
    peer->mass.move(1.0, delta.view());
    peer->mass.keep(0, 0.25);
  }
  at_once.fold(0, 0.5, first);
  at_once.fold(1, 3.0, second);
  CHECK(in_two.mass.end_folds().size() == 2);
  CHECK(in_two.mass.weight_under_way() == 0.0);
  CHECK(in_two.mass.weight(0) == at_once.mass.weight(0));
  CHECK(in_two.mass.weight(1) == at_once.mass.weight(1));
  CHECK(in_two.estimate() == at_once.estimate());

  in_two.begin_fold(0, 1.0, {1.0, 1.0});
  at_once.fold(0, 1.0, {1.0, 1.0});
  CHECK(in_two.mass.end_folds().size() == 1);
  CHECK(in_two.estimate() == at_once.estimate());
}

TEST_CASE("folds in two parts that follow each other at once do not meet on their way") {
  const std::string gpu_name = GENERATE(from_range(test::gpus()));
  CAPTURE(gpu_name);
  Peer peer(gpu_name);
  for (const double number : {10.0, 20.0, 30.0}) {
    peer.begin_fold(0, 1.0, {number, number});
    CHECK(peer.mass.end_folds().size() == 1);
  }
  CHECK(peer.mass.weight(0) == 4.0);
  CHECK(peer.estimate()[0] == Approx((1.0 + 10.0 + 20.0 + 30.0) / 4.0));
}

TEST_CASE("a mass that begins anew has no part in what was on its way to it") {
  const std::string gpu_name = GENERATE(from_range(test::gpus()));
  CAPTURE(gpu_name);
  Peer peer(gpu_name);
  peer.begin_fold(0, 1.0, {10.0, 20.0});
  peer.mass.restart(std::span<const double>(kStart));
  CHECK(peer.mass.weight_under_way() == 0.0);
  CHECK(peer.mass.end_folds().empty());
  CHECK(peer.mass.mean_weight() == 1.0);
  CHECK(std::ranges::equal(peer.estimate(), kStart));
}

TEST_CASE("a device makes the payloads that the host would, and keeps what they lost") {
  const std::string gpu_name = GENERATE(from_range(test::gpus()));
  CAPTURE(gpu_name);
  const char* const name = GENERATE("bf16", "f16", "int8", "int4");
  const std::size_t count = GENERATE(as<std::size_t>{}, 1, 300, 513);
  CAPTURE(name, count);
  const auto codec = gossip::make_codec({.name = name}).value();
  const BlockLayout layout(count, 1024, Scalar::kF32);  // blocks of 256
  std::vector<float> start(count);
  for (std::size_t i = 0; i < count; ++i)
    start[i] = std::sin(static_cast<float>(i)) * static_cast<float>(i % 7);
  const auto host = test::reference_backend();
  const auto gpu = test::gpu(gpu_name);
  Mass expected(layout, *host, std::span(start), codec.get());
  Mass got(layout, *gpu, std::span(start), codec.get());
  REQUIRE(got.begins_pushes());

  std::vector<std::uint32_t> blocks;  // all but the first, where there are more
  for (std::uint32_t block = layout.block_count() > 1 ? 1 : 0; block < layout.block_count();
       ++block)
    blocks.push_back(block);
  for (int round = 0; round < 3; ++round) {
    const auto of_host = expected.snapshot(blocks, 1);
    gossip::SnapshotUnderWay under_way = got.begin_snapshot(blocks, 1);
    for (const std::uint32_t block : blocks) {
      expected.keep(*of_host, block, 0.75);
      got.keep(under_way.begun(), block, 0.75);
    }
    const auto of_gpu = under_way.finish();
    CHECK(of_gpu->finite);
    CHECK(of_gpu->codec == of_host->codec);
    for (const std::uint32_t block : blocks) {
      CHECK(of_gpu->weights[block] == of_host->weights[block]);
      CHECK(of_gpu->checksums[block] == of_host->checksums[block]);
      CHECK(std::ranges::equal(of_gpu->payload(block, layout).bytes(),
                               of_host->payload(block, layout).bytes()));
    }
    std::vector<float> kept_there(count);
    gpu->download(got.estimate(), std::span(kept_there));
    CHECK(std::ranges::equal(kept_there, expected.estimate().as<float>()));
  }
}

TEST_CASE("what is no number shows in a snapshot of a device's cells") {
  const std::string gpu_name = GENERATE(from_range(test::gpus()));
  CAPTURE(gpu_name);
  const auto codec = gossip::make_codec({.name = "int8"}).value();
  const BlockLayout layout(3, 8, Scalar::kF32);
  const auto gpu = test::gpu(gpu_name);
  const std::vector<float> start{1.0F, std::numeric_limits<float>::quiet_NaN(), 2.0F};
  Mass mass(layout, *gpu, std::span(start), codec.get());
  CHECK_FALSE(mass.snapshot(std::vector<std::uint32_t>{0, 1}, 1)->finite);
}

TEST_CASE("a device's sketch is the host's but for the order of its sums") {
  const std::string gpu_name = GENERATE(from_range(test::gpus()));
  CAPTURE(gpu_name);
  const std::size_t width = GENERATE(as<std::size_t>{}, 16, 1024);
  const std::size_t first = GENERATE(as<std::size_t>{}, 0, 5, 1000);
  const std::size_t count = GENERATE(as<std::size_t>{}, 1, 63, 1024, 5000);
  CAPTURE(width, first, count);
  const auto gpu = test::gpu(gpu_name);
  std::vector<double> numbers(count);
  for (std::size_t i = 0; i < count; ++i) numbers[i] = std::sin(static_cast<double>(i));
  std::vector<double> expected(width, 0.5);
  gossip::add_to_sketch({.width = width, .seed = 9}, first, 2.0, std::span(numbers), expected);

  kernels::Buffer x = gpu->allocate(count, Scalar::kF64);
  gpu->upload(std::span<const double>(numbers), x.view());
  kernels::Buffer sums = gpu->allocate(width, Scalar::kF64);
  gpu->fill(0.5, sums.view());
  gpu->add_to_sketch({.width = width, .seed = 9, .first = first}, 2.0, x.view(), sums.view());
  std::vector<double> got(width);
  gpu->download(sums.view(), std::span(got));
  for (std::size_t i = 0; i < width; ++i) CHECK(got[i] == Approx(expected[i]).epsilon(1e-12));
}

TEST_CASE("distances of mass on a device are those of its snapshot") {
  const std::string gpu_name = GENERATE(from_range(test::gpus()));
  CAPTURE(gpu_name);
  const bool per_block = GENERATE(false, true);
  const bool of_estimates = GENERATE(false, true);
  CAPTURE(per_block, of_estimates);
  Peer peer(gpu_name);
  peer.mass.keep(1, 0.5);
  const gossip::DistanceOptions options{.kind = gossip::DistanceOptions::Kind::kSketch,
                                        .of_estimates = of_estimates,
                                        .per_block = per_block};
  gossip::Distances expected(options, peer.layout);
  gossip::Distances got(options, peer.layout);
  expected.note_own(peer.mass.snapshot());
  REQUIRE(got.sketches_on(*peer.gpu));
  CHECK(got.note_own(peer.mass, *peer.gpu));
  CHECK(*got.own_sketch() == *expected.own_sketch());

  kernels::Buffer delta = peer.gpu->allocate(3, Scalar::kF64);
  peer.gpu->fill(std::numeric_limits<double>::quiet_NaN(), delta.view());
  peer.mass.move(1.0, delta.view());
  CHECK_FALSE(got.note_own(peer.mass, *peer.gpu));
}
