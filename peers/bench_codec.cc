#include <algorithm>
#include <cstring>
#include <vector>

#include "gossip/aligned_memory.h"
#include "gossip/codec.h"
#include "gossip/layout.h"
#include "peers/bench.h"
#include "peers/bench_clock.h"
#include "runtime/random.h"

namespace peers {
namespace {

// The numbers, and where they go.
class Blocks {
 public:
  Blocks(const BenchCodecOptions& options, const gossip::Codec& codec)
      : codec_(&codec),
        layout_(options.bytes / sizeof(float), options.block_bytes, kernels::Scalar::kF32),
        numbers_(layout_.parameter_count()),
        copies_(layout_.parameter_count()) {
    runtime::Random random(1);
    for (float& x : numbers_) x = static_cast<float>(random.normal());
    std::size_t bytes = 0;
    for (std::uint32_t block = 0; block < layout_.block_count(); ++block) {
      offsets_.push_back(bytes);
      bytes += (payload_bytes(block) + kAlignment - 1) / kAlignment * kAlignment;
      all_payload_bytes_ += payload_bytes(block);
    }
    payloads_ = gossip::allocate_aligned(bytes);
  }

  [[nodiscard]] std::size_t bytes() const { return numbers_.size() * sizeof(float); }
  [[nodiscard]] double bytes_a_number() const {
    return static_cast<double>(all_payload_bytes_) / static_cast<double>(numbers_.size());
  }

  void encode() {
    for (std::uint32_t block = 0; block < layout_.block_count(); ++block)
      codec_->encode(of(numbers_, block), block, payload(block));
  }
  void decode() {
    for (std::uint32_t block = 0; block < layout_.block_count(); ++block)
      CHECK(codec_->decode(payload(block), of(copies_, block)));
  }
  void copy() {
    for (std::uint32_t block = 0; block < layout_.block_count(); ++block)
      std::memcpy(of(copies_, block).data(), of(numbers_, block).data(), layout_.bytes(block));
  }

 private:
  static constexpr auto kAlignment = static_cast<std::size_t>(gossip::kCacheLine);

  [[nodiscard]] std::size_t payload_bytes(std::uint32_t block) const {
    return codec_->payload_bytes(layout_.range(block).count, layout_.scalar());
  }
  [[nodiscard]] std::span<std::byte> payload(std::uint32_t block) {
    return {payloads_.get() + offsets_[block], payload_bytes(block)};
  }
  [[nodiscard]] std::span<float> of(std::vector<float>& numbers, std::uint32_t block) const {
    const auto [offset, count] = layout_.range(block);
    return std::span(numbers).subspan(offset, count);
  }

  const gossip::Codec* codec_;
  gossip::BlockLayout layout_;
  std::vector<float> numbers_;
  std::vector<float> copies_;
  std::vector<std::size_t> offsets_;
  gossip::AlignedMemory payloads_;
  std::size_t all_payload_bytes_ = 0;
};

}  // namespace

runtime::Result<BenchCodecReport> bench_codec(const BenchCodecOptions& options) {
  auto codec = gossip::make_codec({.name = options.codec});
  if (!codec) return codec.error();
  Blocks blocks(options, **codec);
  blocks.encode();  // every page is there before the first window
  blocks.decode();
  std::vector<double> encode;
  std::vector<double> decode;
  std::vector<double> copy;
  std::vector<double> ratio;
  for (std::size_t window = 0; window < options.windows; ++window) {
    const double seconds = options.window_seconds;
    encode.push_back(gigabytes_per_second(seconds, blocks.bytes(), [&] { blocks.encode(); }));
    decode.push_back(gigabytes_per_second(seconds, blocks.bytes(), [&] { blocks.decode(); }));
    copy.push_back(gigabytes_per_second(seconds, blocks.bytes(), [&] { blocks.copy(); }));
    const double both = 1.0 / (1.0 / encode.back() + 1.0 / decode.back());
    ratio.push_back(both / copy.back());
  }
  return BenchCodecReport{blocks.bytes_a_number(), spread_of(encode), spread_of(decode),
                          spread_of(copy), spread_of(ratio)};
}

}  // namespace peers
