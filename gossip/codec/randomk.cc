#include <algorithm>
#include <bit>
#include <cstring>

#include "gossip/codec/kinds.h"
#include "kernels/vector.h"
#include "runtime/random.h"

namespace gossip {
namespace {

// A permutation of [0, count) that follows from a seed, one position at a time and without memory:
// a Feistel network over the next power of two, walked until it comes back into the range.
class Permutation {
 public:
  Permutation(std::uint64_t seed, std::size_t count)
      : seed_(seed),
        count_(count),
        low_bits_(static_cast<unsigned>(std::bit_width(count - 1)) / 2),
        high_bits_(static_cast<unsigned>(std::bit_width(count - 1)) - low_bits_) {}

  [[nodiscard]] std::size_t operator()(std::size_t position) const {
    do position = shuffled(position);
    while (position >= count_);
    return position;
  }

 private:
  static constexpr std::uint64_t kRounds = 6;

  [[nodiscard]] std::size_t shuffled(std::size_t position) const {
    const std::uint64_t low_mask = (1ULL << low_bits_) - 1;
    const std::uint64_t high_mask = (1ULL << high_bits_) - 1;
    std::uint64_t low = position & low_mask;
    std::uint64_t high = position >> low_bits_;
    for (std::uint64_t round = 0; round < kRounds; round += 2) {
      low ^= runtime::mix_bits(seed_ + high * kRounds + round) & low_mask;
      high ^= runtime::mix_bits(seed_ + low * kRounds + round + 1) & high_mask;
    }
    return static_cast<std::size_t>((high << low_bits_) | low);
  }

  std::uint64_t seed_;
  std::size_t count_;
  unsigned low_bits_;
  unsigned high_bits_;
};

// The seed, then k numbers as they are, f64 included. Which they are follows from the seed.
class RandomK final : public Codec {
 public:
  explicit RandomK(double share) : share_(share) {}
  [[nodiscard]] CodecId id() const override { return CodecId::kRandomK; }
  [[nodiscard]] std::size_t payload_bytes(std::size_t count,
                                          kernels::Scalar scalar) const override {
    return sizeof(std::uint64_t) + kept_of(count, share_) * kernels::bytes_of(scalar);
  }

  void encode(kernels::ConstView numbers, std::uint64_t seed,
              std::span<std::byte> payload) const override {
    CHECK(payload.size() == payload_bytes(numbers.count(), numbers.scalar()));
    part_of<std::uint64_t>(payload, 0, 1)[0] = seed;
    if (numbers.scalar() == kernels::Scalar::kF32)
      draw(numbers.as<float>(), seed, payload);
    else
      draw(numbers.as<double>(), seed, payload);
  }

  [[nodiscard]] bool decode(std::span<const std::byte> payload,
                            kernels::View numbers) const override {
    if (payload.size() != payload_bytes(numbers.count(), numbers.scalar())) return false;
    return numbers.scalar() == kernels::Scalar::kF32 ? place(payload, numbers.as<float>())
                                                     : place(payload, numbers.as<double>());
  }

 private:
  template <typename T>
  void draw(std::span<const T> x, std::uint64_t seed, std::span<std::byte> payload) const {
    if (x.empty()) return;
    const auto kept = part_of<T>(payload, sizeof seed, kept_of(x.size(), share_));
    const Permutation permutation(seed, x.size());
    for (std::size_t i = 0; i < kept.size(); ++i) kept[i] = x[permutation(i)];
  }

  template <typename T>
  [[nodiscard]] bool place(std::span<const std::byte> payload, std::span<T> x) const {
    if (x.empty()) return true;
    const std::uint64_t seed = part_of<std::uint64_t>(payload, 0, 1)[0];
    const auto kept = part_of<T>(payload, sizeof seed, kept_of(x.size(), share_));
    if (!kernels::vector::all_finite(kept)) return false;
    std::ranges::fill(x, T{0});
    const Permutation permutation(seed, x.size());
    for (std::size_t i = 0; i < kept.size(); ++i) x[permutation(i)] = kept[i];
    return true;
  }

  double share_;
};

}  // namespace

std::unique_ptr<Codec> make_randomk(const CodecOptions& options) {
  return std::make_unique<RandomK>(options.share_kept);
}

}  // namespace gossip
