#include "gossip/codec/scales.h"
#include "kernels/cells.h"

namespace gossip {
namespace {

// As int8, with two integers a byte.
class Int4 final : public F32Codec {
 public:
  [[nodiscard]] CodecId id() const override { return CodecId::kInt4; }
  [[nodiscard]] std::optional<kernels::cells::Coding> coding(
      std::size_t /*count*/, std::uint64_t /*seed*/) const override {
    return kernels::cells::Coding{.kind = kernels::cells::Kind::kInt4};
  }

 private:
  [[nodiscard]] std::size_t bytes_of(std::size_t count) const override {
    return kernels::cells::payload_bytes({.kind = kernels::cells::Kind::kInt4}, count);
  }
  void encode_f32(std::span<const float> x, std::span<std::byte> payload) const override {
    kernels::cells::to_int4(x, part_of<float>(payload, 0, kernels::cells::groups_of(x.size())),
                            part_of<std::uint8_t>(payload, kernels::cells::scale_bytes(x.size()),
                                                  kernels::cells::int4_bytes(x.size())));
  }
  [[nodiscard]] bool decode_f32(std::span<const std::byte> payload,
                                std::span<float> x) const override {
    const auto scales = part_of<float>(payload, 0, kernels::cells::groups_of(x.size()));
    const auto cells = part_of<std::uint8_t>(payload, kernels::cells::scale_bytes(x.size()),
                                             kernels::cells::int4_bytes(x.size()));
    if (!are_scales(scales)) return false;
    if (x.size() % 2 != 0 && cells.back() > 0xFU) return false;  // of a number that is not there
    kernels::cells::from_int4(scales, cells, x);
    return true;
  }
};

}  // namespace

std::unique_ptr<Codec> make_int4(const CodecOptions& /*options*/) {
  return std::make_unique<Int4>();
}

}  // namespace gossip
