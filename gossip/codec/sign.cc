#include <algorithm>
#include <bit>
#include <limits>

#include "gossip/codec/kinds.h"
#include "kernels/cells.h"

namespace gossip {
namespace {

constexpr std::size_t kByteBits = 8;

// The mean magnitude a of a block, then a bit a number: a * sign(x), where sign(0) = +1. A bit that
// is set is a minus.
class Sign final : public F32Codec {
 public:
  [[nodiscard]] CodecId id() const override { return CodecId::kSign; }
  [[nodiscard]] std::optional<kernels::cells::Coding> coding(
      std::size_t /*count*/, std::uint64_t /*seed*/) const override {
    return kernels::cells::Coding{.kind = kernels::cells::Kind::kSign};
  }

 private:
  [[nodiscard]] std::size_t bytes_of(std::size_t count) const override {
    return sizeof(float) + kernels::cells::bitmap_bytes(count);
  }

  void encode_f32(std::span<const float> x, std::span<std::byte> payload) const override {
    part_of<float>(payload, 0, 1)[0] = kernels::cells::mean_magnitude(x);
    const std::span<std::byte> bytes = payload.subspan(sizeof(float));
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      unsigned bits = 0;
      const std::size_t size = std::min(kByteBits, x.size() - i * kByteBits);
      for (std::size_t k = 0; k < size; ++k) bits |= (x[i * kByteBits + k] < 0.0F ? 1U : 0U) << k;
      bytes[i] = static_cast<std::byte>(bits);
    }
  }

  [[nodiscard]] bool decode_f32(std::span<const std::byte> payload,
                                std::span<float> x) const override {
    const float magnitude = part_of<float>(payload, 0, 1)[0];
    if (!(magnitude >= 0.0F && magnitude <= std::numeric_limits<float>::max())) return false;
    const std::span<const std::byte> bytes = payload.subspan(sizeof(float));
    const std::size_t used = x.size() % kByteBits;
    if (used != 0 && std::to_integer<unsigned>(bytes.back()) >> used != 0) return false;
    for (std::size_t i = 0; i < bytes.size(); ++i)
      place(std::to_integer<unsigned>(bytes[i]), magnitude,
            x.subspan(i * kByteBits, std::min(kByteBits, x.size() - i * kByteBits)));
    return true;
  }

  static void place(unsigned bits, float magnitude, std::span<float> x) {
    constexpr unsigned kSignBit = 31;
    for (unsigned k = 0; k < x.size(); ++k)
      x[k] = std::bit_cast<float>(std::bit_cast<std::uint32_t>(magnitude) | ((bits >> k) & 1U)
                                                                                << kSignBit);
  }
};

}  // namespace

std::unique_ptr<Codec> make_sign(const CodecOptions& /*options*/) {
  return std::make_unique<Sign>();
}

}  // namespace gossip
