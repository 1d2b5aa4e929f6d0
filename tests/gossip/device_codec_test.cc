// What a device makes of numbers, and of payloads, is what the codec makes of them on the host, to
// the bit: no receiver can tell them apart.

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include "gossip/codec.h"
#include "gossip/mass.h"
#include "gossip/protocol.h"
#include "runtime/random.h"
#include "tests/support/far_backend.h"
#include "tests/support/gpus.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

namespace {

namespace cells = kernels::cells;
using gossip::BlockLayout;
using gossip::ParcelKind;

constexpr std::uint64_t kSeed = 0x123456789abcdef0;
// Around a word of a bitmap, a group of cells, as many lanes as sums have, and a group of words.
constexpr std::size_t kCounts[] = {1,   2,   7,    8,    9,    31,   32,   33,     255,
                                   256, 257, 1000, 1023, 1025, 2047, 2049, 40'000, 140'001};

using Numbers = std::vector<float>;
using Bytes = std::vector<std::byte>;

Numbers normals(std::size_t count) {
  runtime::Random random(count);
  Numbers x(count);
  for (float& number : x) number = static_cast<float>(random.normal());
  return x;
}

// All magnitudes that a float has, zeros of both signs among them.
Numbers of_all_sizes(std::size_t count) {
  runtime::Random random(count);
  Numbers x(count);
  for (float& number : x)
    number =
        static_cast<float>(std::ldexp(random.normal(), static_cast<int>(random.below(276)) - 149));
  for (float& number : x)
    if (!std::isfinite(number)) number = std::numeric_limits<float>::max();
  for (std::size_t i = 0; i < count; i += 5) x[i] = i % 2 == 0 ? 0.0F : -0.0F;
  return x;
}

// Few magnitudes, so that many are the largest that is left out.
Numbers of_few_sizes(std::size_t count) {
  runtime::Random random(count);
  Numbers x(count);
  for (float& number : x) number = static_cast<float>(random.below(5)) - 2.0F;
  return x;
}

std::pair<Bytes, Numbers> on_host(const gossip::Codec& codec, const Numbers& x) {
  Bytes payload(codec.payload_bytes(x.size(), kernels::Scalar::kF32));
  codec.encode(std::span(x), kSeed, payload);
  Numbers read(x.size());
  REQUIRE(codec.decode(payload, std::span(read)));
  return {payload, read};
}

std::pair<Bytes, Numbers> on_device(kernels::Backend& gpu, const cells::Coding& coding,
                                    const Numbers& x) {
  kernels::Buffer numbers = gpu.allocate(x.size(), kernels::Scalar::kF32);
  kernels::Buffer payload =
      gpu.allocate(cells::payload_words(coding, x.size()), cells::kPayloadScalar);
  gpu.upload(std::span(x), numbers.view());
  gpu.to_cells(coding, numbers.view(), payload.view());
  gpu.fill(std::numeric_limits<double>::quiet_NaN(), numbers.view());
  gpu.from_cells(coding, payload.view(), numbers.view());
  std::vector<std::int32_t> words(payload.count());
  Numbers read(x.size());
  gpu.download(payload.view(), std::span(words));
  gpu.download(numbers.view(), std::span(read));
  const auto bytes = std::as_bytes(std::span(words)).first(cells::payload_bytes(coding, x.size()));
  return {{bytes.begin(), bytes.end()}, read};
}

bool are_same_bits(const Numbers& a, const Numbers& b) {
  return std::ranges::equal(std::as_bytes(std::span(a)), std::as_bytes(std::span(b)));
}

void check(kernels::Backend& gpu, const gossip::Codec& codec, const Numbers& x) {
  const std::optional<cells::Coding> coding = codec.coding(x.size(), kSeed);
  REQUIRE(coding.has_value());
  const auto [host_payload, host_numbers] = on_host(codec, x);
  const auto [payload, numbers] = on_device(gpu, *coding, x);
  CHECK(payload == host_payload);
  CHECK(are_same_bits(numbers, host_numbers));
}

// A peer whose protocol codes what it hands over.
struct Sender {
  Sender(kernels::Backend& device, const gossip::Codec& codec, const BlockLayout& layout_of,
         ParcelKind kind, kernels::ConstView start)
      : layout(layout_of),
        backend(device),
        mass(layout, backend, start),
        protocol(gossip::make_protocol({.parcels = kind,
                                        .codec = &codec,
                                        .layout = &layout,
                                        .backend = &backend,
                                        .average_every = 100,
                                        .steps = 100})),
        step(backend.allocate(layout.parameter_count(), layout.scalar())) {}

  // Moves x by a step, of which, or of x, it hands 1 - kKept over.
  std::shared_ptr<const gossip::Snapshot> round(std::uint64_t round, kernels::ConstView moved,
                                                std::span<const std::uint32_t> blocks) {
    backend.upload(moved, step.view());
    mass.move(1.0, step.view());
    auto offered = protocol->offer(
        mass, {.round = round, .blocks = blocks, .seed = round, .step = step.view()});
    for (const std::uint32_t block : blocks)
      if (offered->finite) protocol->keep(mass, *offered, block, kKept);
    return offered;
  }

  std::vector<std::byte> estimate() {
    std::vector<std::byte> bytes(mass.estimate().bytes());
    backend.download(mass.estimate(), {bytes.data(), layout.parameter_count(), layout.scalar()});
    return bytes;
  }

  static constexpr double kKept = 0.75;
  const BlockLayout& layout;
  kernels::Backend& backend;
  gossip::Mass mass;
  std::unique_ptr<gossip::Protocol> protocol;
  kernels::Buffer step;
};

template <typename T>
void check_alike(const std::string& gpu_name, const gossip::Codec& codec, ParcelKind kind) {
  constexpr std::size_t kCount = 1000;
  const BlockLayout layout(kCount, 300 * sizeof(T), kernels::kScalarOf<T>);  // the last is smaller
  const auto host_backend = test::reference_backend();
  const auto gpu = test::gpu(gpu_name);
  const std::vector<T> start(kCount, T{1});
  Sender host(*host_backend, codec, layout, kind, std::span(start));
  Sender device(*gpu, codec, layout, kind, std::span(start));
  runtime::Random random(7);
  std::vector<T> moved(kCount);
  for (std::uint64_t round = 0; round < 4; ++round) {
    for (T& x : moved) x = static_cast<T>(random.normal());
    const std::vector<std::uint32_t> blocks =
        round == 1 ? std::vector<std::uint32_t>{3, 1} : std::vector<std::uint32_t>{0, 1, 2, 3};
    const auto expected = host.round(round, std::span(moved), blocks);
    const auto got = device.round(round, std::span(moved), blocks);
    CHECK((got->finite && expected->finite));
    CHECK((got->kind == kind && got->codec == expected->codec));
    for (const std::uint32_t block : blocks) {
      CAPTURE(round, block);
      CHECK(got->weights[block] == expected->weights[block]);
      CHECK(got->checksums[block] == expected->checksums[block]);
      CHECK(std::ranges::equal(got->payload(block, layout).bytes(),
                               expected->payload(block, layout).bytes()));
      if (kind == ParcelKind::kDifference)
        CHECK(std::ranges::equal(got->said[block].bytes(), expected->said[block].bytes()));
    }
    CHECK(device.estimate() == host.estimate());
  }
  moved[500] = std::numeric_limits<T>::infinity();
  CHECK_FALSE(device.round(4, std::span(moved), std::vector<std::uint32_t>{0, 1, 2})->finite);
}

}  // namespace

TEST_CASE("differences and steps are coded on a device as on the host, and as much stays of them") {
  const std::string gpu_name = GENERATE(from_range(test::gpus()));
  CAPTURE(gpu_name);
  for (const gossip::CodecName& name : gossip::codec_names()) {
    CAPTURE(name.name);
    const auto codec = gossip::make_codec({name.name, 0.1}).value();
    for (const auto kind : {ParcelKind::kDifference, ParcelKind::kStep}) {
      check_alike<float>(gpu_name, *codec, kind);
      check_alike<double>(gpu_name, *codec, kind);  // by way of the host
    }
  }
}

TEST_CASE("a device makes and reads the payloads of every codec as the host does") {
  const std::string gpu_name = GENERATE(from_range(test::gpus()));
  CAPTURE(gpu_name);
  const auto gpu = test::gpu(gpu_name);
  for (const gossip::CodecName& name : gossip::codec_names()) {
    if (name.name == "f32") continue;  // numbers as they are
    // By positions, by a bitmap, all of them.
    for (const double share_kept : {0.01, 0.1, 1.0}) {
      const auto codec = gossip::make_codec({name.name, share_kept}).value();
      for (const std::size_t count : kCounts) {
        CAPTURE(name.name, share_kept, count);
        check(*gpu, *codec, normals(count));
        check(*gpu, *codec, of_all_sizes(count));
        check(*gpu, *codec, of_few_sizes(count));
      }
    }
  }
}
