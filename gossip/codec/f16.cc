#include "gossip/codec/kinds.h"
#include "kernels/cells.h"

namespace gossip {
namespace {

// Errors of at most 2^-12 of a number between 6.1e-5 and 65504; larger ones saturate.
class F16 final : public F32Codec {
 public:
  [[nodiscard]] CodecId id() const override { return CodecId::kF16; }
  [[nodiscard]] std::optional<kernels::cells::Coding> coding(
      std::size_t /*count*/, std::uint64_t /*seed*/) const override {
    return kernels::cells::Coding{.kind = kernels::cells::Kind::kF16};
  }

 private:
  [[nodiscard]] std::size_t bytes_of(std::size_t count) const override {
    return kernels::cells::payload_bytes({.kind = kernels::cells::Kind::kF16}, count);
  }
  void encode_f32(std::span<const float> x, std::span<std::byte> payload) const override {
    kernels::cells::to_f16(x, part_of<std::uint16_t>(payload, 0, x.size()));
  }
  [[nodiscard]] bool decode_f32(std::span<const std::byte> payload,
                                std::span<float> x) const override {
    return kernels::cells::from_f16(part_of<std::uint16_t>(payload, 0, x.size()), x);
  }
};

}  // namespace

std::unique_ptr<Codec> make_f16(const CodecOptions& /*options*/) { return std::make_unique<F16>(); }

}  // namespace gossip
