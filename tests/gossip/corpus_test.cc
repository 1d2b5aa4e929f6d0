// What the fuzzer of messages begins with are messages that this version takes: one that is refused
// at its head leads it nowhere.
#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "gossip/codec.h"
#include "gossip/decoder.h"
#include "gossip/wire.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

namespace {

constexpr std::uint64_t kFingerprint = 0xFEEDFACECAFEBEEFULL;
constexpr std::ptrdiff_t kHeadBytes = 5;  // as tests/fuzz/wire_fuzz.cc reads them

std::vector<std::byte> bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::vector<char> read{std::istreambuf_iterator<char>(in), {}};
  std::vector<std::byte> bytes(read.size());
  std::ranges::transform(read, bytes.begin(), [](char c) { return static_cast<std::byte>(c); });
  return bytes;
}

}  // namespace

TEST_CASE("every message of the fuzzer's corpus is one of this version") {
  const gossip::BlockLayout layout(5, 8, kernels::Scalar::kF32);
  const auto& names = gossip::codec_names();
  std::size_t files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(MURMUR_SOURCE_DIR "/tests/fuzz/corpus/wire")) {
    CAPTURE(entry.path().filename());
    const std::vector<std::byte> bytes = bytes_of(entry.path());
    REQUIRE(bytes.size() > kHeadBytes);
    const auto codec = gossip::make_codec(
        {.name = names[std::to_integer<std::size_t>(bytes[0]) % names.size()].name});
    const gossip::Decoder decoder(**codec, layout);
    std::ptrdiff_t first = 0;
    for (std::size_t i = 0; i < 4; ++i)
      first |= std::to_integer<std::ptrdiff_t>(bytes[1 + i]) << (8 * i);
    const auto middle = bytes.begin() + kHeadBytes + first;
    std::vector<runtime::Frame> frames{runtime::Frame::of({bytes.begin() + kHeadBytes, middle})};
    if (middle != bytes.end()) frames.push_back(runtime::Frame::of({middle, bytes.end()}));
    const auto decoded = gossip::decode({runtime::PeerId{3}, runtime::Channel::kBulk, frames},
                                        {.fingerprint = kFingerprint,
                                         .layout = &layout,
                                         .weight_max = 4.0,
                                         .sketch_size = 4,
                                         .decoder = &decoder});
    const auto answer = gossip::decode_answer(frames);  // of those to who is no peer
    const auto* refusal = std::get_if<gossip::Refusal>(&decoded);
    if (refusal != nullptr && !std::holds_alternative<gossip::Message>(answer))
      FAIL_CHECK(gossip::to_string(*refusal));
    ++files;
  }
  CHECK(files >= 18);
}
