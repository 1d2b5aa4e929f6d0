#pragma once
// In how many bytes the numbers of a block travel. Encoding may lose; the sender then keeps what
// was lost (gossip/mass.h), so nothing leaves the books. Each codec is a pure function of the
// numbers and, where it draws, of a seed; it has no state, and any thread may use it.
//
// Decoding gives the same bits everywhere and looks at nothing that it has not been given.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "kernels/cells.h"
#include "kernels/view.h"
#include "runtime/result.h"

namespace gossip {

// As on the wire (gossip/wire.capnp).
enum class CodecId : std::uint8_t { kF32, kBf16, kF16, kInt8, kInt4, kTopK, kRandomK, kSign };

class Codec {
 public:
  // Where a payload must begin, in bytes.
  static constexpr std::size_t kAlignment = 8;

  virtual ~Codec() = default;
  [[nodiscard]] virtual CodecId id() const = 0;

  // How a device could make its payload of so many f32 numbers, to the bit; `seed` as in encode().
  [[nodiscard]] virtual std::optional<kernels::cells::Coding> coding(std::size_t /*count*/,
                                                                     std::uint64_t /*seed*/) const {
    return std::nullopt;
  }

  // The size of every payload of so many numbers.
  [[nodiscard]] virtual std::size_t payload_bytes(std::size_t count,
                                                  kernels::Scalar scalar) const = 0;

  // One thread at a time. Fills `payload` (payload_bytes() of the numbers, aligned). The numbers
  // are finite, on the host, f32 or f64. The laboratory's f64 become the nearest f32 first, but
  // where a codec says otherwise.
  virtual void encode(kernels::ConstView numbers, std::uint64_t seed,
                      std::span<std::byte> payload) const = 0;

  // Fills `numbers`, all of them finite. False where no encode() made this payload, of whatever
  // size (aligned): the numbers are of no use then.
  [[nodiscard]] virtual bool decode(std::span<const std::byte> payload,
                                    kernels::View numbers) const = 0;
};

struct CodecOptions {
  std::string_view name = "f32";
  double share_kept = 0.01;  // topk, randomk: of the numbers of a block, at least one
};

// Names that make_codec knows, in the order of their ids.
struct CodecName {
  std::string_view name;
  std::string_view summary;
  // Why push-sum, which sends x itself and not a difference, cannot use it; empty: it can.
  std::string_view unfit_for_push_sum;
  // Between these, damping pays: below, what a share moves is lost in the rounding, and estimates
  // come to rest further apart; above, the rounding of every push is felt.
  double damping_min;
  double damping_max;
};
[[nodiscard]] std::span<const CodecName> codec_names();
[[nodiscard]] const CodecName& name_of(CodecId codec);

[[nodiscard]] runtime::Result<std::unique_ptr<Codec>> make_codec(const CodecOptions& options);

}  // namespace gossip
