// Encoded payloads on their way: through a mass, the wire and back, and what is refused.

#include <cmath>
#include <limits>
#include <set>

#include "gossip/decoder.h"
#include "gossip/mass.h"
#include "runtime/random.h"
#include "tests/support/deliveries.h"
#include "tests/support/far_backend.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

using gossip::BlockLayout;
using gossip::Codec;
using gossip::CodecId;
using gossip::Decoder;
using gossip::Mass;
using gossip::Message;
using gossip::Parcel;
using gossip::Refusal;
using kernels::Scalar;
using runtime::Delivery;

namespace {

constexpr std::size_t kCount = 700;  // blocks of 300, 300 and 100

const BlockLayout& layout() {
  static const BlockLayout kLayout(kCount, 300 * sizeof(float), Scalar::kF32);
  return kLayout;
}

std::vector<float> normals(std::size_t count, std::uint64_t seed = 1) {
  runtime::Random random(seed);
  std::vector<float> numbers(count);
  for (float& x : numbers) x = static_cast<float>(random.normal());
  return numbers;
}

// One end of a run of one codec.
struct Run {
  explicit Run(std::string_view name) : codec(gossip::make_codec({.name = name}).value()) {}

  std::unique_ptr<Codec> codec;
  Decoder decoder{*codec, layout()};

  [[nodiscard]] gossip::Terms terms() const {
    return {.fingerprint = test::kSender.fingerprint,
            .layout = &layout(),
            .weight_max = test::kWeightMax,
            .decoder = &decoder};
  }
  [[nodiscard]] Parcel parcel(std::uint32_t block, const std::vector<float>& x) const {
    std::vector<std::byte> payload(codec->payload_bytes(x.size(), Scalar::kF32));
    codec->encode(std::span(x), 5, payload);
    Parcel made{.block = block, .share = 0.5, .weight = 1.0, .codec = codec->id(), .payload = {}};
    made.checksum = gossip::checksum(payload);
    made.payload = runtime::Frame::of(std::move(payload));
    return made;
  }
  [[nodiscard]] std::vector<float> lossy(const std::vector<float>& x) const {
    std::vector<float> y(x.size());
    CHECK(codec->decode(parcel(0, x).payload.bytes(), std::span(y)));
    return y;
  }
  [[nodiscard]] bool is_refused(const Delivery& delivery, Refusal reason) const {
    const auto decoded = gossip::decode(delivery, terms());
    const auto* refusal = std::get_if<Refusal>(&decoded);
    return refusal != nullptr && *refusal == reason;
  }
};

std::vector<float> numbers_of(const runtime::Frame& payload) {
  std::vector<float> x(payload.size() / sizeof(float));
  std::memcpy(x.data(), payload.bytes().data(), payload.size());
  return x;
}

Delivery with_payload(const Parcel& parcel, std::vector<std::byte> payload) {
  Parcel other = parcel;
  other.checksum = gossip::checksum(payload);
  other.payload = runtime::Frame::of(std::move(payload));
  return test::delivery_of(other);
}

std::vector<float> x_of(const Mass& mass, kernels::Backend& backend) {
  kernels::Buffer x = backend.allocate(kCount, kernels::Scalar::kF32);
  mass.numerator(x.view());
  std::vector<float> host(kCount);
  backend.download(x.view(), std::span(host));
  return host;
}

}  // namespace

TEST_CASE("a parcel arrives as what its codec makes of it, however it lies in memory") {
  for (const gossip::CodecName& name : gossip::codec_names()) {
    CAPTURE(name.name);
    const Run run(name.name);
    const std::vector<float> x = normals(100);
    Delivery delivery = test::delivery_of(run.parcel(2, x));
    for (const std::size_t offset : {0U, 1U, 4U}) {
      delivery.frames[1] = test::moved(delivery.frames[1], offset);
      const auto decoded = gossip::decode(delivery, run.terms());
      REQUIRE(std::holds_alternative<Message>(decoded));
      const auto& parcel = std::get<Parcel>(std::get<Message>(decoded).body);
      CHECK(parcel.codec == CodecId::kF32);
      CHECK(numbers_of(parcel.payload) == run.lossy(x));
      CHECK(parcel.mass() == 0.5);
    }
  }
}

TEST_CASE("a run takes its own codec and f32, and refuses every other") {
  for (const gossip::CodecName& mine : gossip::codec_names()) {
    const Run run(mine.name);
    for (const gossip::CodecName& theirs : gossip::codec_names()) {
      CAPTURE(mine.name, theirs.name);
      const Delivery delivery = test::delivery_of(Run(theirs.name).parcel(0, normals(300)));
      const bool taken = theirs.name == mine.name || theirs.name == "f32";
      CHECK(run.is_refused(delivery, Refusal::kWrongCodec) != taken);
    }
  }
}

TEST_CASE("a run takes parcels of its own kind and mass, and refuses every other") {
  using gossip::ParcelKind;
  const Run run("int8");
  for (const auto mine : {ParcelKind::kMass, ParcelKind::kDifference, ParcelKind::kStep}) {
    gossip::Terms terms = run.terms();
    terms.kind = mine;
    for (const auto theirs : {ParcelKind::kMass, ParcelKind::kDifference, ParcelKind::kStep}) {
      Parcel parcel = run.parcel(0, normals(300));
      parcel.kind = theirs;
      parcel.era = 3;
      if (theirs == ParcelKind::kStep) parcel.weight = 0.0;
      const auto decoded = gossip::decode(test::delivery_of(parcel), terms);
      const auto* taken = std::get_if<Message>(&decoded);
      CAPTURE(static_cast<int>(mine), static_cast<int>(theirs));
      REQUIRE((taken != nullptr) == (theirs == mine || theirs == ParcelKind::kMass));
      if (taken == nullptr) {
        CHECK(std::get<Refusal>(decoded) == Refusal::kWrongCodec);
        continue;
      }
      CHECK(std::get<Parcel>(taken->body).kind == theirs);
      CHECK(std::get<Parcel>(taken->body).era == 3);
    }
  }
}

TEST_CASE("a step weighs nothing, and nothing else does") {
  const Run run("int8");
  gossip::Terms terms = run.terms();
  terms.kind = gossip::ParcelKind::kStep;
  const auto refused = [&](gossip::ParcelKind kind, double share, double weight) {
    Parcel parcel = run.parcel(0, normals(300));
    parcel.kind = kind;
    parcel.share = share;
    parcel.weight = weight;
    const auto decoded = gossip::decode(test::delivery_of(parcel), terms);
    const auto* refusal = std::get_if<Refusal>(&decoded);
    return refusal != nullptr && *refusal == Refusal::kImpossibleWeight;
  };
  CHECK_FALSE(refused(gossip::ParcelKind::kStep, 0.5, 0.0));
  CHECK(refused(gossip::ParcelKind::kStep, 0.5, 0.1));
  CHECK(refused(gossip::ParcelKind::kStep, 1.5, 0.0));
  CHECK(refused(gossip::ParcelKind::kMass, 0.5, 0.0));
}

TEST_CASE("a run that names no codec takes f32 only") {
  const gossip::Terms terms{test::kSender.fingerprint, &layout(), test::kWeightMax};
  for (const gossip::CodecName& theirs : gossip::codec_names()) {
    const auto decoded =
        gossip::decode(test::delivery_of(Run(theirs.name).parcel(0, normals(300))), terms);
    CHECK(std::holds_alternative<Message>(decoded) == (theirs.name == "f32"));
  }
}

TEST_CASE("a codec that no version has is refused, at any number") {
  const Run run("int8");
  for (const unsigned number : {8U, 255U}) {
    Parcel parcel = run.parcel(0, normals(300));
    parcel.codec = static_cast<CodecId>(number);
    CHECK(run.is_refused(test::delivery_of(parcel), Refusal::kWrongCodec));
  }
}

TEST_CASE("an encoded payload of another size than its block is refused") {
  for (const std::string_view name : {"bf16", "int8", "topk"}) {
    const Run run(name);
    const Delivery whole = test::delivery_of(run.parcel(1, normals(300)));
    for (std::size_t bytes = 0; bytes < whole.frames[1].size(); ++bytes) {
      Delivery cut = whole;
      cut.frames[1] = whole.frames[1].slice(0, bytes);
      REQUIRE(run.is_refused(cut, Refusal::kWrongBlock));
    }
    CHECK(run.is_refused(test::delivery_of(run.parcel(2, normals(300))), Refusal::kWrongBlock));
    CHECK(run.is_refused(test::delivery_of(run.parcel(0, normals(100))), Refusal::kWrongBlock));
  }
}

TEST_CASE("an encoded payload that is not what was sent is refused, whichever bit is wrong") {
  const Run run("int8");
  const Delivery whole = test::delivery_of(run.parcel(2, normals(100)));
  for (std::size_t bit = 0; bit < whole.frames[1].size() * 8; ++bit) {
    std::vector<std::byte> payload = test::bytes_of(whole.frames[1]);
    payload[bit / 8] ^= std::byte{1} << (bit % 8);
    Delivery delivery = whole;
    delivery.frames[1] = runtime::Frame::of(std::move(payload));
    REQUIRE(run.is_refused(delivery, Refusal::kWrongChecksum));
  }
}

TEST_CASE("a payload that no encoder made is refused though its checksum is right") {
  const Run run("int8");
  const Parcel parcel = run.parcel(0, normals(300));
  std::vector<std::byte> payload = test::bytes_of(parcel.payload);
  for (const float scale : {-1.0F, std::numeric_limits<float>::quiet_NaN(), 0x1p127F}) {
    std::memcpy(payload.data(), &scale, sizeof scale);
    CHECK(run.is_refused(with_payload(parcel, payload), Refusal::kWrongCodec));
  }
}

TEST_CASE("memory of decoded payloads serves again once they were dropped") {
  const Run run("int8");
  const Parcel parcel = run.parcel(0, normals(300));
  std::set<const std::byte*> seen;
  for (int turn = 0; turn < 10; ++turn)
    seen.insert(run.decoder.numbers(parcel.payload, 0)->bytes().data());
  CHECK(seen.size() == 1);
}

TEST_CASE("what was sent goes from the sender's mass, what the codec lost stays") {
  for (const bool far : {false, true}) {
    const std::unique_ptr<kernels::Backend> backend =
        far ? std::make_unique<test::FarBackend>() : test::reference_backend();
    const Run run("int4");
    const std::vector<float> start = normals(kCount);
    Mass mass(layout(), *backend, std::span(start), run.codec.get());
    const std::vector blocks{0U, 2U};
    const auto snapshot = mass.snapshot(blocks, 1);
    for (const std::uint32_t block : blocks) mass.keep(*snapshot, block, 0.25);
    CHECK(mass.weight(0) == 0.25);
    CHECK(mass.weight(1) == 1.0);
    CHECK(mass.weight(2) == 0.25);
    const std::vector<float> x = x_of(mass, *backend);
    for (std::uint32_t block = 0; block < 3; ++block) {
      const auto [offset, count] = layout().range(block);
      const std::vector<float> before(start.begin() + static_cast<std::ptrdiff_t>(offset),
                                      start.begin() + static_cast<std::ptrdiff_t>(offset + count));
      const std::vector<float> sent = run.lossy(before);
      const float given = block == 1 ? 0.0F : 0.75F;
      for (std::size_t i = 0; i < count; ++i)
        REQUIRE(x[offset + i] == before[i] + -given * sent[i]);
    }
  }
}

TEST_CASE("a push of few blocks is a copy of them, of most the memory of z") {
  const auto backend = test::reference_backend();
  const Run run("f32");
  const std::vector<float> start = normals(kCount);
  Mass mass(layout(), *backend, std::span(start), run.codec.get());
  const auto few = mass.snapshot(std::vector{1U}, 0);
  CHECK(few->z.size() == 0);
  CHECK(numbers_of(few->payload(1, layout())) ==
        std::vector<float>(start.begin() + 300, start.begin() + 600));
  const auto most = mass.snapshot(std::vector{0U, 2U}, 0);
  CHECK(numbers_of(most->z) == start);
  CHECK(most->payloads.empty());
}

TEST_CASE("numbers that are not finite are not encoded, and the push is told") {
  const auto backend = test::reference_backend();
  for (const float bad :
       {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    std::vector<float> start = normals(kCount);
    start[350] = bad;
    const Run run("int8");
    Mass mass(layout(), *backend, std::span(start), run.codec.get());
    CHECK(mass.snapshot(std::vector{0U}, 1)->finite);
    CHECK_FALSE(mass.snapshot(std::vector{0U, 1U}, 1)->finite);
  }
}

TEST_CASE("the memory of an encoded push serves again, whatever the number of receivers") {
  const auto backend = test::reference_backend();
  const Run run("bf16");
  const std::vector<float> start = normals(kCount);
  Mass mass(layout(), *backend, std::span(start), run.codec.get());
  std::set<const std::byte*> seen;
  for (int turn = 0; turn < 10; ++turn) {
    const auto snapshot = mass.snapshot(std::vector{0U, 1U, 2U}, 0);
    const runtime::Frame to_one = snapshot->payload(1, layout());
    const runtime::Frame to_another = snapshot->payload(1, layout());
    CHECK(to_one.bytes().data() == to_another.bytes().data());
    seen.insert(to_one.bytes().data());
  }
  CHECK(seen.size() == 1);
}
