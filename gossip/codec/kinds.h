#pragma once
// One codec a file; gossip/codec.cc lists them by name.

#include <cstddef>
#include <memory>
#include <span>

#include "gossip/codec.h"
#include "runtime/check.h"

namespace gossip {

[[nodiscard]] std::unique_ptr<Codec> make_f32(const CodecOptions& options);
[[nodiscard]] std::unique_ptr<Codec> make_bf16(const CodecOptions& options);
[[nodiscard]] std::unique_ptr<Codec> make_f16(const CodecOptions& options);
[[nodiscard]] std::unique_ptr<Codec> make_int8(const CodecOptions& options);
[[nodiscard]] std::unique_ptr<Codec> make_int4(const CodecOptions& options);
[[nodiscard]] std::unique_ptr<Codec> make_topk(const CodecOptions& options);
[[nodiscard]] std::unique_ptr<Codec> make_randomk(const CodecOptions& options);
[[nodiscard]] std::unique_ptr<Codec> make_sign(const CodecOptions& options);

// `count` values of type T that begin `offset` bytes into a payload.
template <typename T>
std::span<T> part_of(std::span<std::byte> payload, std::size_t offset, std::size_t count) {
  const std::span<std::byte> bytes = payload.subspan(offset, count * sizeof(T));
  CHECK(reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(T) == 0);
  return {static_cast<T*>(static_cast<void*>(bytes.data())), count};
}
template <typename T>
std::span<const T> part_of(std::span<const std::byte> payload, std::size_t offset,
                           std::size_t count) {
  const std::span<const std::byte> bytes = payload.subspan(offset, count * sizeof(T));
  CHECK(reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(T) == 0);
  return {static_cast<const T*>(static_cast<const void*>(bytes.data())), count};
}

// A codec of f32. What f64 loses on the way to f32 is lost like the rest, and what f32 cannot hold
// saturates.
class F32Codec : public Codec {
 public:
  [[nodiscard]] std::size_t payload_bytes(std::size_t count, kernels::Scalar scalar) const final;
  void encode(kernels::ConstView numbers, std::uint64_t seed,
              std::span<std::byte> payload) const final;
  [[nodiscard]] bool decode(std::span<const std::byte> payload, kernels::View numbers) const final;

 private:
  [[nodiscard]] virtual std::size_t bytes_of(std::size_t count) const = 0;
  virtual void encode_f32(std::span<const float> x, std::span<std::byte> payload) const = 0;
  // The payload has the right size.
  [[nodiscard]] virtual bool decode_f32(std::span<const std::byte> payload,
                                        std::span<float> x) const = 0;
};

// How many of `count` numbers a sparse codec keeps.
[[nodiscard]] std::size_t kept_of(std::size_t count, double share);

}  // namespace gossip
