// Coded differences to public copies: CHOCO-Gossip, where shares are doubly stochastic, and
// quantized push-sum, where they are not. Errors are squared and relative to the spread at the
// start.

#include <algorithm>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include "gossip/codec.h"
#include "gossip/decoder.h"
#include "gossip/edge.h"
#include "gossip/inbox.h"
#include "gossip/mass.h"
#include "gossip/protocol.h"
#include "runtime/random.h"
#include "tests/support/averaging_rounds.h"
#include "tests/support/take_all.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

using gossip::ParcelKind;
using test::AveragingOptions;
using test::AveragingRounds;

namespace {

constexpr double kExact = 1e-11;  // thousands of rounds of rounding

AveragingOptions choco(std::string_view codec, double damping) {
  return {.peer_count = 16,
          .parameter_count = 100,
          .topology = "bidirectional-ring",
          .parcels = ParcelKind::kDifference,
          .codec = codec,
          .share_kept = 0.1,
          .damping = damping};
}

AveragingOptions quantized(std::string_view codec, double damping) {
  AveragingOptions options = choco(codec, damping);
  options.peer_count = 10;
  options.parameter_count = 50;
  options.topology = "clusters";  // with shares that are equal, and not doubly stochastic
  return options;
}

double error_after(int rounds, const AveragingOptions& options) {
  AveragingRounds averaging(options);
  averaging.steps(rounds);
  if (averaging.error() < 1.0) CHECK(averaging.mass_error() < kExact);
  return averaging.error();
}

}  // namespace

TEST_CASE("on a ring of 16 with the largest tenth, gamma decides how fast peers meet") {
  const auto is_near = [](double expected, double error) {  // some seeds are a little luckier
    CAPTURE(expected, error);
    return error > 0.01 * expected && error < 100.0 * expected;
  };
  CHECK(is_near(5e-6, error_after(2000, choco("topk", 0.05))));
  CHECK(is_near(2e-10, error_after(2000, choco("topk", 0.1))));
  CHECK(is_near(1e-19, error_after(2000, choco("topk", 0.2))));
  CHECK(error_after(2000, choco("topk", 0.4)) < 1e-26);
}

TEST_CASE("a tenth of the numbers and gamma one diverge: nothing more than said is sent") {
  CHECK(error_after(300, choco("topk", 1.0)) > 1e3);
}

TEST_CASE("codecs that push-sum cannot use meet to the last digits, and so do the coarse ones") {
  CHECK(error_after(1500, choco("sign", 0.4)) < 1e-7);
  CHECK(error_after(2000, choco("randomk", 0.1)) < 1e-6);
  CHECK(error_after(500, choco("int8", 1.0)) < 1e-15);
  CHECK(error_after(500, choco("int4", 0.5)) < 1e-6);
  CHECK(error_after(500, choco("bf16", 1.0)) < 1e-15);
  CHECK(error_after(500, choco("f32", 1.0)) < 1e-15);
}

TEST_CASE("quantized push-sum meets on weights that are not one") {
  CHECK(error_after(400, quantized("int8", 1.0)) < 1e-15);
  CHECK(error_after(400, quantized("int4", 0.5)) < 1e-7);
  CHECK(error_after(800, quantized("topk", 0.2)) < 1e-5);
  CHECK(error_after(200, quantized("topk", 1.0)) > 1e3);
}

TEST_CASE("some blocks at a time, each with its own copies") {
  AveragingOptions options = choco("int8", 1.0);
  options.block_count = 4;
  options.blocks = {.blocks_per_push = 1};
  CHECK(error_after(2000, options) < 1e-15);
}

TEST_CASE("what a peer says its x is and what a hearer makes of it are the same bits") {
  const gossip::BlockLayout layout(300, 400, kernels::Scalar::kF32);  // three blocks
  for (const gossip::CodecName& name : gossip::codec_names()) {
    CAPTURE(name.name);
    const auto codec = gossip::make_codec({.name = name.name, .share_kept = 0.1}).value();
    const gossip::Decoder decoder(*codec, layout);
    const auto backend = test::reference_backend();
    runtime::Random random(7);
    std::vector<float> x(300);
    for (float& value : x) value = static_cast<float>(random.normal());
    gossip::Mass mass(layout, *backend, std::span<const float>(x), codec.get());
    const auto protocol = gossip::make_protocol({.parcels = ParcelKind::kDifference,
                                                 .codec = codec.get(),
                                                 .layout = &layout,
                                                 .backend = backend.get()});
    gossip::Inbox inbox(layout, gossip::Inbox::Order::kByRound);
    const std::vector<std::uint32_t> blocks = {0, 1, 2};
    for (std::uint64_t round = 0; round < 20; ++round) {
      const auto offered = protocol->offer(mass, {.round = round, .blocks = blocks, .seed = round});
      REQUIRE(offered->finite);
      for (const std::uint32_t block : blocks) {
        const runtime::Frame payload = offered->payload(block, layout);
        inbox.add(runtime::PeerId{3}, {.round = round,
                                       .block = block,
                                       .sequence = 3 * round + block,
                                       .share = 0.25,
                                       .weight = offered->weights[block],
                                       .kind = ParcelKind::kDifference,
                                       .payload = offered->codec == gossip::CodecId::kF32
                                                      ? payload
                                                      : decoder.numbers(payload, block).value()});
        protocol->keep(mass, *offered, block, 0.75);
      }
      const test::Taken arrivals(inbox, layout, round + 1);
      REQUIRE(arrivals.size() == 3);
      for (const gossip::BlockArrival& arrival : arrivals) {
        const auto said = offered->said[arrival.block].bytes();
        CHECK(arrival.weight == 0.25 * offered->weights[arrival.block]);
        CHECK(std::ranges::equal(std::as_bytes(arrival.numbers.as<float>()), said));
      }
    }
  }
}

TEST_CASE("a difference whose receiver dies comes back as the x that it led to") {
  const gossip::BlockLayout layout(2, 16, kernels::Scalar::kF64);
  const auto codec = gossip::make_codec({.name = "sign"}).value();
  const gossip::Decoder decoder(*codec, layout);
  const auto backend = test::reference_backend();
  const std::vector<double> x = {3.0, -1.0};
  gossip::Mass mass(layout, *backend, std::span<const double>(x), codec.get());
  const auto protocol = gossip::make_protocol({.parcels = ParcelKind::kDifference,
                                               .codec = codec.get(),
                                               .layout = &layout,
                                               .backend = backend.get()});
  const std::vector<std::uint32_t> blocks = {0};
  gossip::OutEdge edge({}, layout);
  for (std::uint64_t round = 0; round < 2; ++round) {
    const auto offered = protocol->offer(mass, {.round = round, .blocks = blocks});
    edge.push({.to = runtime::PeerId{1},
               .round = round,
               .share = 0.25,
               .snapshot = offered,
               .blocks = blocks},
              runtime::Instant{});
    protocol->keep(mass, *offered, 0, 0.75);
  }
  gossip::Inbox inbox(layout, gossip::Inbox::Order::kByRound);
  for (const gossip::Parcel& parcel : edge.take_back()) inbox.take_back(decoder.decoded(parcel));
  test::fold_all(inbox, layout, 5, mass);
  std::vector<double> back(2);
  mass.numerator(std::span(back));
  CHECK(back == x);
  CHECK(mass.weight(0) == 1.0);
}

TEST_CASE("an x that is not finite is never said") {
  const gossip::BlockLayout layout(4, 16, kernels::Scalar::kF32);
  const auto codec = gossip::make_codec({.name = "int8"}).value();
  const auto backend = test::reference_backend();
  const std::vector<float> x = {1.0F, std::numeric_limits<float>::infinity(), 0.0F, 2.0F};
  gossip::Mass mass(layout, *backend, std::span<const float>(x), codec.get());
  const auto protocol = gossip::make_protocol({.parcels = ParcelKind::kDifference,
                                               .codec = codec.get(),
                                               .layout = &layout,
                                               .backend = backend.get()});
  const std::vector<std::uint32_t> blocks = {0};
  CHECK_FALSE(protocol->offer(mass, {.round = 0, .blocks = blocks})->finite);
}
