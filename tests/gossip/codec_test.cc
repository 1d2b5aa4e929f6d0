// What codecs keep of a block, against published figures; what they refuse to decode.

#include "gossip/codec.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "gossip/codec/largest.h"
#include "runtime/random.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

using gossip::Codec;
using gossip::CodecId;
using kernels::Scalar;

namespace {

constexpr std::uint64_t kSeed = 42;
constexpr std::size_t kCounts[] = {1, 2, 7, 8, 9, 255, 256, 257, 1000, 10'000, 40'000};

std::unique_ptr<Codec> codec_of(std::string_view name, double share_kept = 0.01) {
  return gossip::make_codec({name, share_kept}).value();
}

template <typename T>
std::vector<T> normals(std::size_t count, std::uint64_t seed = 1) {
  runtime::Random random(seed);
  std::vector<T> numbers(count);
  for (T& x : numbers) x = static_cast<T>(random.normal());
  return numbers;
}

template <typename T>
std::vector<std::byte> encoded(const Codec& codec, const std::vector<T>& x) {
  std::vector<std::byte> payload(codec.payload_bytes(x.size(), kernels::kScalarOf<T>));
  codec.encode(std::span(x), kSeed, payload);
  return payload;
}

template <typename T>
std::vector<T> decoded(const Codec& codec, const std::vector<std::byte>& payload,
                       std::size_t count) {
  std::vector<T> x(count, T{99});
  if (!codec.decode(payload, std::span(x))) FAIL("an honest payload was refused");
  return x;
}

template <typename T>
bool is_refused(const Codec& codec, const std::vector<std::byte>& payload, std::size_t count) {
  std::vector<T> x(count);
  return !codec.decode(payload, std::span(x));
}

// |Q(x) - x|^2 / |x|^2 on a standard normal vector of 10,000.
double relative_error(const Codec& codec) {
  const auto x = normals<double>(10'000);
  const auto y = decoded<double>(codec, encoded(codec, x), x.size());
  double error = 0.0;
  double all = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    error += (y[i] - x[i]) * (y[i] - x[i]);
    all += x[i] * x[i];
  }
  return error / all;
}

template <typename T>
void overwrite(std::vector<std::byte>& payload, std::size_t at, T value) {
  REQUIRE(at + sizeof value <= payload.size());
  std::memcpy(payload.data() + at, &value, sizeof value);
}

// What sorting everything says.
std::vector<std::uint32_t> largest_by_sorting(const std::vector<float>& x, std::size_t kept) {
  std::vector<std::uint32_t> positions(x.size());
  std::iota(positions.begin(), positions.end(), 0U);
  std::stable_sort(positions.begin(), positions.end(), [&](std::uint32_t a, std::uint32_t b) {
    return std::abs(x[a]) > std::abs(x[b]);
  });
  positions.resize(kept);
  std::sort(positions.begin(), positions.end());
  return positions;
}

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

}  // namespace

TEST_CASE("codecs are listed in the order of their numbers on the wire") {
  const auto names = gossip::codec_names();
  for (std::size_t i = 0; i < names.size(); ++i) {
    CAPTURE(names[i].name);
    CHECK(codec_of(names[i].name)->id() == static_cast<CodecId>(i));
    CHECK(gossip::name_of(static_cast<CodecId>(i)).name == names[i].name);
  }
  CHECK(gossip::name_of(CodecId::kSign).name == "sign");
}

TEST_CASE("an unknown codec is refused with those that there are") {
  const auto unknown = gossip::make_codec({"int9"});
  REQUIRE_FALSE(unknown.ok());
  CHECK(unknown.error().message ==
        "no codec is called \"int9\"; there are: f32, bf16, f16, int8, int4, topk, randomk, sign");
}

TEMPLATE_TEST_CASE("what is encoded again after decoding is the same, on every codec", "", float,
                   double) {
  for (const gossip::CodecName& known : gossip::codec_names()) {
    const auto codec = codec_of(known.name);
    for (const std::size_t count : kCounts) {
      CAPTURE(known.name, count);
      const auto payload = encoded(*codec, normals<TestType>(count));
      const auto x = decoded<TestType>(*codec, payload, count);
      CHECK(encoded(*codec, x) == payload);
    }
  }
}

TEMPLATE_TEST_CASE("a block of zeros is zeros on every codec", "", float, double) {
  for (const gossip::CodecName& known : gossip::codec_names()) {
    const auto codec = codec_of(known.name);
    const std::vector<TestType> zeros(300);
    CHECK(decoded<TestType>(*codec, encoded(*codec, zeros), 300) == zeros);
  }
}

TEST_CASE("f32 keeps every bit, of f64 too") {
  const auto codec = codec_of("f32");
  const auto x = normals<double>(1000);
  CHECK(decoded<double>(*codec, encoded(*codec, x), x.size()) == x);
  CHECK(codec->payload_bytes(10, Scalar::kF64) == 80);
}

TEST_CASE("payloads have the sizes that the formats say") {
  const auto bytes = [](std::string_view name, std::size_t count, double share = 0.01) {
    return codec_of(name, share)->payload_bytes(count, Scalar::kF32);
  };
  CHECK(bytes("f32", 1000) == 4000);
  CHECK(bytes("bf16", 1000) == 2000);
  CHECK(bytes("f16", 1000) == 2000);
  CHECK(bytes("int8", 1000) == 1000 + 4 * 4);
  CHECK(bytes("int4", 1001) == 501 + 4 * 4);
  CHECK(bytes("sign", 1001) == 4 + 126);
  CHECK(bytes("topk", 1000) == 10 * (4 + 4));
  CHECK(bytes("topk", 1000, 0.1) == 100 * 4 + 125);  // a bitmap
  CHECK(bytes("topk", 1, 0.1) == 4 + 1);
  CHECK(bytes("randomk", 1000) == 8 + 10 * 4);
}

TEST_CASE("the part of a normal vector that is lost is the published one") {
  CHECK(relative_error(*codec_of("topk", 0.01)) == Approx(0.917).margin(0.01));
  CHECK(relative_error(*codec_of("topk", 0.10)) == Approx(0.560).margin(0.01));
  CHECK(relative_error(*codec_of("randomk", 0.10)) == Approx(0.905).margin(0.01));
  CHECK(relative_error(*codec_of("sign")) == Approx(0.36).margin(0.01));
  CHECK(relative_error(*codec_of("int8")) == Approx(4.5e-5).epsilon(0.1));
  CHECK(relative_error(*codec_of("int4")) == Approx(1.5e-2).epsilon(0.1));
  CHECK(relative_error(*codec_of("bf16")) < 0x1p-18);
  CHECK(relative_error(*codec_of("bf16")) > 0x1p-20);
  CHECK(relative_error(*codec_of("f16")) < 0x1p-24);
  CHECK(relative_error(*codec_of("f16")) > 0x1p-26);
  CHECK(relative_error(*codec_of("f32")) == 0.0);
}

TEST_CASE("f64 beyond what f32 holds saturates") {
  for (const std::string_view name : {"bf16", "int8", "int4", "sign", "f16"}) {
    CAPTURE(name);
    const auto codec = codec_of(name);
    const std::vector<double> x{1e300, -1e300};
    const auto y = decoded<double>(*codec, encoded(*codec, x), 2);
    CHECK(y[0] > 60'000.0);
    CHECK(y[1] == -y[0]);
  }
}

TEST_CASE("topk keeps the largest, whatever the numbers are") {
  const std::vector<float> equal(50'000, -1.0F);
  std::vector<float> few(50'000, 0.0F);
  few[7] = few[49'999] = 3.0F;
  std::vector<float> steps(50'000);
  for (std::size_t i = 0; i < steps.size(); ++i) steps[i] = static_cast<float>(i % 100);
  gossip::Largest largest;
  for (const auto& x : {normals<float>(100'000), normals<float>(33'000, 2), equal, few, steps,
                        normals<float>(100)}) {
    for (const std::size_t kept : {std::size_t{1}, x.size() / 100, x.size() / 10, x.size()}) {
      CAPTURE(x.size(), kept);
      CHECK(std::ranges::equal(largest.find(x, kept), largest_by_sorting(x, kept)));
    }
  }
}

TEST_CASE("topk keeps its numbers as they are and zeroes the rest") {
  const auto codec = codec_of("topk", 0.5);
  const std::vector<double> x{0.1, -3.0, 2.0, -0.2};
  CHECK(decoded<double>(*codec, encoded(*codec, x), 4) == std::vector{0.0, -3.0, 2.0, 0.0});
}

TEST_CASE("randomk keeps as many numbers as it says, others with another seed, each as often") {
  const auto codec = codec_of("randomk", 0.1);
  const std::vector<float> ones(1000, 1.0F);
  std::vector<int> times(ones.size(), 0);
  std::vector<float> x(ones.size());
  std::vector<std::byte> payload(codec->payload_bytes(ones.size(), Scalar::kF32));
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    codec->encode(std::span(ones), seed, payload);
    REQUIRE(codec->decode(payload, std::span(x)));
    REQUIRE(std::count(x.begin(), x.end(), 1.0F) == 100);
    for (std::size_t i = 0; i < x.size(); ++i) times[i] += x[i] > 0.0F ? 1 : 0;
  }
  // 200 expected of each, with a deviation of 13.4.
  CHECK(*std::min_element(times.begin(), times.end()) > 130);
  CHECK(*std::max_element(times.begin(), times.end()) < 270);
}

TEMPLATE_TEST_CASE("a payload of another size is refused by every codec", "", float, double) {
  for (const gossip::CodecName& known : gossip::codec_names()) {
    const auto codec = codec_of(known.name, 0.1);
    for (const std::size_t count : {1U, 9U, 300U}) {
      std::vector<std::byte> payload = encoded(*codec, normals<TestType>(count));
      const std::size_t whole = payload.size();
      payload.resize(whole + 9);
      for (std::size_t bytes = 0; bytes < whole + 9; ++bytes) {
        CAPTURE(known.name, count, bytes);
        const std::vector<std::byte> cut(payload.begin(),
                                         payload.begin() + static_cast<std::ptrdiff_t>(bytes));
        if (bytes != whole) CHECK(is_refused<TestType>(*codec, cut, count));
      }
    }
  }
}

TEMPLATE_TEST_CASE("of noise, what is not refused decodes to finite numbers", "", float, double) {
  for (const gossip::CodecName& known : gossip::codec_names()) {
    const auto codec = codec_of(known.name, 0.1);
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
      CAPTURE(known.name, seed);
      runtime::Random random(seed);
      const std::size_t count = 1 + random.below(400);
      auto payload = encoded(*codec, normals<TestType>(count, seed));
      // From one byte to most of them.
      for (std::uint64_t change = 1 + random.below(2 * payload.size()); change > 0; --change)
        payload[random.below(payload.size())] = static_cast<std::byte>(random.below(256));
      std::vector<TestType> x(count);
      if (!codec->decode(payload, std::span(x))) continue;
      CHECK(std::all_of(x.begin(), x.end(), [](TestType number) { return std::isfinite(number); }));
    }
  }
}

TEST_CASE("a scale that is no magnitude is refused") {
  for (const std::string_view name : {"int8", "int4", "sign"}) {
    const auto codec = codec_of(name);
    for (const float scale : {kNan, kInfinity, -kInfinity, -1.0F, -1e-30F}) {
      CAPTURE(name, scale);
      auto payload = encoded(*codec, normals<float>(300));
      overwrite(payload, 0, scale);
      CHECK(is_refused<float>(*codec, payload, 300));
    }
  }
  auto payload = encoded(*codec_of("int8"), normals<float>(300));
  overwrite(payload, 4, 0x1p121F);  // of the second group: -128 times it would be infinite
  CHECK(is_refused<float>(*codec_of("int8"), payload, 300));
}

TEST_CASE("numbers that are not finite are refused") {
  for (const std::string_view name : {"f32", "topk", "randomk"}) {
    const auto codec = codec_of(name);
    for (const float bad : {kNan, kInfinity, -kInfinity}) {
      CAPTURE(name, bad);
      auto payload = encoded(*codec, normals<float>(300));
      overwrite(payload, 8, bad);
      CHECK(is_refused<float>(*codec, payload, 300));
    }
  }
  for (const std::string_view name : {"bf16", "f16"}) {
    auto payload = encoded(*codec_of(name), normals<float>(300));
    overwrite(payload, 8, std::uint16_t{0x7FFF});
    CHECK(is_refused<float>(*codec_of(name), payload, 300));
  }
}

TEST_CASE("positions out of range, out of order or twice are refused") {
  const auto codec = codec_of("topk");
  const auto x = normals<float>(1000);
  const std::size_t first = 10 * sizeof(float);
  const auto with = [&](std::size_t which, std::uint32_t position) {
    auto payload = encoded(*codec, x);
    overwrite(payload, first + which * sizeof position, position);
    return is_refused<float>(*codec, payload, x.size());
  };
  gossip::Largest largest;
  const auto kept = largest.find(x, 10);
  CHECK_FALSE(with(3, kept[3]));
  CHECK(with(3, kept[2]));
  CHECK(with(3, kept[4]));
  CHECK(with(9, 1000));
  CHECK(with(9, ~std::uint32_t{0}));
  CHECK(with(0, 999));
}

TEST_CASE("a bitmap with more bits, fewer, or bits behind the end is refused") {
  const auto codec = codec_of("topk", 0.5);
  const std::vector<float> x{5, 4, 3, 2, 1, 0, 0, 0, 0, 0};  // bits 0 to 4
  const auto with = [&](std::uint16_t bitmap) {
    auto payload = encoded(*codec, x);
    overwrite(payload, 5 * sizeof(float), bitmap);
    return is_refused<float>(*codec, payload, x.size());
  };
  CHECK_FALSE(with(0x001F));
  CHECK_FALSE(with(0x03E0));
  CHECK(with(0x003F));
  CHECK(with(0x000F));
  CHECK(with(0x040F));
  CHECK(with(0x800F));
  CHECK(with(0x0000));
}

TEST_CASE("bits and cells of numbers that are not there are refused") {
  auto signs = encoded(*codec_of("sign"), normals<float>(9));
  signs.back() |= std::byte{0x80};
  CHECK(is_refused<float>(*codec_of("sign"), signs, 9));
  auto cells = encoded(*codec_of("int4"), normals<float>(9));
  cells.back() |= std::byte{0x10};
  CHECK(is_refused<float>(*codec_of("int4"), cells, 9));
}
