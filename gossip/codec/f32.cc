#include <cstring>

#include "gossip/codec/kinds.h"
#include "kernels/vector.h"

namespace gossip {
namespace {

// The numbers themselves, f64 included. Peers whose codec this is send their memory and never ask.
class F32 final : public Codec {
 public:
  [[nodiscard]] CodecId id() const override { return CodecId::kF32; }
  [[nodiscard]] std::size_t payload_bytes(std::size_t count,
                                          kernels::Scalar scalar) const override {
    return count * kernels::bytes_of(scalar);
  }
  void encode(kernels::ConstView numbers, std::uint64_t /*seed*/,
              std::span<std::byte> payload) const override {
    CHECK(payload.size() == numbers.bytes());
    if (!payload.empty()) std::memcpy(payload.data(), numbers.data(), payload.size());
  }
  [[nodiscard]] bool decode(std::span<const std::byte> payload,
                            kernels::View numbers) const override {
    if (payload.size() != numbers.bytes()) return false;
    if (!payload.empty()) std::memcpy(numbers.data(), payload.data(), payload.size());
    return kernels::vector::all_finite(numbers);
  }
};

}  // namespace

std::unique_ptr<Codec> make_f32(const CodecOptions& /*options*/) { return std::make_unique<F32>(); }

}  // namespace gossip
