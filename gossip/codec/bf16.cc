#include "gossip/codec/kinds.h"
#include "kernels/cells.h"

namespace gossip {
namespace {

// The upper half of an f32: its range, and errors of at most 2^-9 of a number.
class Bf16 final : public F32Codec {
 public:
  [[nodiscard]] CodecId id() const override { return CodecId::kBf16; }
  [[nodiscard]] std::optional<kernels::cells::Coding> coding(
      std::size_t /*count*/, std::uint64_t /*seed*/) const override {
    return kernels::cells::Coding{.kind = kernels::cells::Kind::kBf16};
  }

 private:
  [[nodiscard]] std::size_t bytes_of(std::size_t count) const override {
    return kernels::cells::payload_bytes({.kind = kernels::cells::Kind::kBf16}, count);
  }
  void encode_f32(std::span<const float> x, std::span<std::byte> payload) const override {
    kernels::cells::to_bf16(x, part_of<std::uint16_t>(payload, 0, x.size()));
  }
  [[nodiscard]] bool decode_f32(std::span<const std::byte> payload,
                                std::span<float> x) const override {
    return kernels::cells::from_bf16(part_of<std::uint16_t>(payload, 0, x.size()), x);
  }
};

}  // namespace

std::unique_ptr<Codec> make_bf16(const CodecOptions& /*options*/) {
  return std::make_unique<Bf16>();
}

}  // namespace gossip
