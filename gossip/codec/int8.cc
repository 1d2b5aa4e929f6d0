#include "gossip/codec/scales.h"
#include "kernels/cells.h"

namespace gossip {
namespace {

// AbsMax: the scales of all groups of 256, then the integers. Rounded to the nearest, since what is
// lost is kept.
class Int8 final : public F32Codec {
 public:
  [[nodiscard]] CodecId id() const override { return CodecId::kInt8; }
  [[nodiscard]] std::optional<kernels::cells::Coding> coding(
      std::size_t /*count*/, std::uint64_t /*seed*/) const override {
    return kernels::cells::Coding{.kind = kernels::cells::Kind::kInt8};
  }

 private:
  [[nodiscard]] std::size_t bytes_of(std::size_t count) const override {
    return kernels::cells::payload_bytes({.kind = kernels::cells::Kind::kInt8}, count);
  }
  void encode_f32(std::span<const float> x, std::span<std::byte> payload) const override {
    kernels::cells::to_int8(
        x, part_of<float>(payload, 0, kernels::cells::groups_of(x.size())),
        part_of<std::int8_t>(payload, kernels::cells::scale_bytes(x.size()), x.size()));
  }
  [[nodiscard]] bool decode_f32(std::span<const std::byte> payload,
                                std::span<float> x) const override {
    const auto scales = part_of<float>(payload, 0, kernels::cells::groups_of(x.size()));
    if (!are_scales(scales)) return false;
    kernels::cells::from_int8(
        scales, part_of<std::int8_t>(payload, kernels::cells::scale_bytes(x.size()), x.size()), x);
    return true;
  }
};

}  // namespace

std::unique_ptr<Codec> make_int8(const CodecOptions& /*options*/) {
  return std::make_unique<Int8>();
}

}  // namespace gossip
