#include "gossip/codec.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "gossip/codec/kinds.h"

namespace gossip {
namespace {

constexpr std::string_view kSparse =
    "all of a block's weight moves with a push but little of its x, so estimates do not meet; use "
    "gossip.blocks_per_push to send less, or int8 or int4";
constexpr std::string_view kSign =
    "a number is sent as plus or minus the mean, so estimates stay about as far apart as they "
    "start, at any damping; use int8 or int4";

// The ranges of damping are measured: tests/gossip/codec_push_sum_test.cc.
constexpr std::array kNames{
    CodecName{"f32", "as it is", "", 0.0, 1.0},
    CodecName{"bf16", "16-bit brain floating point", "", 0.0, 1.0},
    CodecName{"f16", "16-bit floating point, up to 65504", "", 0.0, 1.0},
    CodecName{"int8", "8-bit integers with a scale for every 256", "", 0.1, 1.0},
    CodecName{"int4", "4-bit integers with a scale for every 256", "", 0.1, 0.5},
    CodecName{"topk", "the largest numbers", kSparse, 0.0, 1.0},
    CodecName{"randomk", "numbers drawn at random", kSparse, 0.0, 1.0},
    CodecName{"sign", "signs and one scale a block", kSign, 0.0, 1.0},
};
constexpr std::array kMakers{make_f32,  make_bf16, make_f16,     make_int8,
                             make_int4, make_topk, make_randomk, make_sign};
static_assert(kNames.size() == kMakers.size());

std::string known_names() {
  std::string names;
  for (const CodecName& known : kNames) names.append(names.empty() ? "" : ", ").append(known.name);
  return names;
}

}  // namespace

std::span<const CodecName> codec_names() { return kNames; }

const CodecName& name_of(CodecId codec) { return kNames.at(static_cast<std::size_t>(codec)); }

runtime::Result<std::unique_ptr<Codec>> make_codec(const CodecOptions& options) {
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (kNames[i].name == options.name) return kMakers[i](options);
  return runtime::Error{"no codec is called \"" + std::string(options.name) +
                        "\"; there are: " + known_names()};
}

std::size_t F32Codec::payload_bytes(std::size_t count, kernels::Scalar /*scalar*/) const {
  return bytes_of(count);
}

void F32Codec::encode(kernels::ConstView numbers, std::uint64_t /*seed*/,
                      std::span<std::byte> payload) const {
  CHECK(payload.size() == bytes_of(numbers.count()));
  if (numbers.scalar() == kernels::Scalar::kF32) return encode_f32(numbers.as<float>(), payload);
  constexpr auto kLargest = static_cast<double>(std::numeric_limits<float>::max());
  std::vector<float> narrow;  // the laboratory's: not worth keeping
  narrow.reserve(numbers.count());
  for (const double x : numbers.as<double>())
    narrow.push_back(static_cast<float>(std::clamp(x, -kLargest, kLargest)));
  encode_f32(narrow, payload);
}

bool F32Codec::decode(std::span<const std::byte> payload, kernels::View numbers) const {
  if (payload.size() != bytes_of(numbers.count())) return false;
  if (numbers.scalar() == kernels::Scalar::kF32) return decode_f32(payload, numbers.as<float>());
  std::vector<float> narrow(numbers.count());
  if (!decode_f32(payload, narrow)) return false;
  std::ranges::copy(narrow, numbers.as<double>().begin());
  return true;
}

std::size_t kept_of(std::size_t count, double share) {
  const auto kept = static_cast<std::size_t>(std::floor(share * static_cast<double>(count)));
  return std::min(count, std::max<std::size_t>(1, kept));
}

}  // namespace gossip
