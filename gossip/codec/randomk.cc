#include <algorithm>

#include "gossip/codec/kinds.h"
#include "kernels/permutation.h"
#include "kernels/vector.h"

namespace gossip {
namespace {

// The seed, then k numbers as they are, f64 included. Which they are follows from the seed.
class RandomK final : public Codec {
 public:
  explicit RandomK(double share) : share_(share) {}
  [[nodiscard]] CodecId id() const override { return CodecId::kRandomK; }
  [[nodiscard]] std::optional<kernels::cells::Coding> coding(std::size_t count,
                                                             std::uint64_t seed) const override {
    return kernels::cells::Coding{
        .kind = kernels::cells::Kind::kRandomK, .kept = kept_of(count, share_), .seed = seed};
  }
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
    const kernels::Permutation permutation(seed, x.size());
    for (std::size_t i = 0; i < kept.size(); ++i) kept[i] = x[permutation(i)];
  }

  template <typename T>
  [[nodiscard]] bool place(std::span<const std::byte> payload, std::span<T> x) const {
    if (x.empty()) return true;
    const std::uint64_t seed = part_of<std::uint64_t>(payload, 0, 1)[0];
    const auto kept = part_of<T>(payload, sizeof seed, kept_of(x.size(), share_));
    if (!kernels::vector::all_finite(kept)) return false;
    std::ranges::fill(x, T{0});
    const kernels::Permutation permutation(seed, x.size());
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
