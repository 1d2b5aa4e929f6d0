#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "gossip/codec/kinds.h"
#include "gossip/codec/largest.h"
#include "kernels/cells.h"
#include "kernels/vector.h"

namespace gossip {
namespace {

using kernels::cells::bitmap_bytes;
using kernels::cells::has_bitmap;
using kernels::cells::position_bytes;

constexpr std::size_t kByteBits = 8;

// k numbers as they are, f64 included, in order of their positions; then the positions, as u32 or,
// where that is shorter, as a bit for each number of the block. Of equal magnitudes the first are
// kept.
class TopK final : public Codec {
 public:
  explicit TopK(double share) : share_(share) {}
  [[nodiscard]] CodecId id() const override { return CodecId::kTopK; }
  [[nodiscard]] std::optional<kernels::cells::Coding> coding(
      std::size_t count, std::uint64_t /*seed*/) const override {
    return kernels::cells::Coding{.kind = kernels::cells::Kind::kTopK,
                                  .kept = kept_of(count, share_)};
  }
  [[nodiscard]] std::size_t payload_bytes(std::size_t count,
                                          kernels::Scalar scalar) const override {
    const std::size_t kept = kept_of(count, share_);
    return kept * kernels::bytes_of(scalar) + position_bytes(count, kept);
  }

  void encode(kernels::ConstView numbers, std::uint64_t /*seed*/,
              std::span<std::byte> payload) const override {
    CHECK(payload.size() == payload_bytes(numbers.count(), numbers.scalar()));
    if (numbers.scalar() == kernels::Scalar::kF32)
      pick(numbers.as<float>(), payload);
    else
      pick(numbers.as<double>(), payload);
  }

  [[nodiscard]] bool decode(std::span<const std::byte> payload,
                            kernels::View numbers) const override {
    if (payload.size() != payload_bytes(numbers.count(), numbers.scalar())) return false;
    return numbers.scalar() == kernels::Scalar::kF32 ? place(payload, numbers.as<float>())
                                                     : place(payload, numbers.as<double>());
  }

 private:
  template <typename T>
  void pick(std::span<const T> x, std::span<std::byte> payload) const {
    const std::span<const std::uint32_t> positions = largest_.find(x, kept_of(x.size(), share_));
    const auto kept = part_of<T>(payload, 0, positions.size());
    for (std::size_t i = 0; i < kept.size(); ++i) kept[i] = x[positions[i]];
    if (!has_bitmap(x.size(), kept.size())) {
      std::ranges::copy(positions,
                        part_of<std::uint32_t>(payload, kept.size_bytes(), kept.size()).begin());
      return;
    }
    const auto bitmap = part_of<std::uint8_t>(payload, kept.size_bytes(), bitmap_bytes(x.size()));
    std::ranges::fill(bitmap, std::uint8_t{0});
    for (const std::uint32_t position : positions)
      bitmap[position / kByteBits] =
          static_cast<std::uint8_t>(bitmap[position / kByteBits] | 1U << (position % kByteBits));
  }

  template <typename T>
  [[nodiscard]] bool place(std::span<const std::byte> payload, std::span<T> x) const {
    const auto kept = part_of<T>(payload, 0, kept_of(x.size(), share_));
    if (!kernels::vector::all_finite(kept)) return false;
    std::ranges::fill(x, T{0});
    if (has_bitmap(x.size(), kept.size()))
      return place_by_bits(
          kept, part_of<std::uint8_t>(payload, kept.size_bytes(), bitmap_bytes(x.size())), x);
    return place_in_order(kept, part_of<std::uint32_t>(payload, kept.size_bytes(), kept.size()), x);
  }

  template <typename T>
  static bool place_in_order(std::span<const T> kept, std::span<const std::uint32_t> positions,
                             std::span<T> x) {
    std::size_t next = 0;  // the lowest position that may come
    for (std::size_t i = 0; i < kept.size(); ++i) {
      if (positions[i] < next || positions[i] >= x.size()) return false;
      x[positions[i]] = kept[i];
      next = std::size_t{positions[i]} + 1;
    }
    return true;
  }

  template <typename T>
  static bool place_by_bits(std::span<const T> kept, std::span<const std::uint8_t> bitmap,
                            std::span<T> x) {
    std::size_t placed = 0;
    for (std::size_t i = 0; i < bitmap.size(); ++i) {
      for (unsigned bits = bitmap[i]; bits != 0; bits &= bits - 1) {
        const std::size_t position = i * kByteBits + static_cast<unsigned>(std::countr_zero(bits));
        if (position >= x.size() || placed == kept.size()) return false;
        x[position] = kept[placed++];
      }
    }
    return placed == kept.size();
  }

  double share_;
  mutable Largest largest_;  // of encode()
};

}  // namespace

std::unique_ptr<Codec> make_topk(const CodecOptions& options) {
  return std::make_unique<TopK>(options.share_kept);
}

}  // namespace gossip
