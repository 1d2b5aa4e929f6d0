#include "runtime/random.h"

#include <cmath>

#include "runtime/check.h"

namespace runtime {
namespace {

constexpr std::uint64_t kGoldenGamma = 0x9e3779b97f4a7c15ULL;  // 2^64 / golden ratio, odd

}  // namespace

std::uint64_t hash_text(std::string_view text) {
  std::uint64_t hash = text.size();
  for (const char letter : text) hash = mix_bits(hash ^ static_cast<unsigned char>(letter));
  return hash;
}

Random::Random(std::uint64_t seed, std::uint64_t stream)
    : state_(mix_bits(seed + kGoldenGamma) ^ mix_bits(mix_bits(stream) + 2 * kGoldenGamma)) {}

std::uint64_t Random::bits() {
  state_ += kGoldenGamma;
  return mix_bits(state_);
}

std::uint64_t Random::below(std::uint64_t bound) {
  CHECK(bound > 0);
  // Draws from the incomplete last multiple of `bound` would favour small results: draw again.
  const std::uint64_t refused = (0 - bound) % bound;
  std::uint64_t drawn = bits();
  while (drawn < refused) drawn = bits();
  return drawn % bound;
}

double Random::uniform() { return static_cast<double>(bits() >> 11U) * 0x1.0p-53; }

double Random::uniform(double low, double high) { return low + (high - low) * uniform(); }

double Random::normal() {
  // Only one of the polar method's two results is kept: a kept second would be state that a copy
  // repeats oddly.
  while (true) {
    const double u = uniform(-1.0, 1.0);
    const double v = uniform(-1.0, 1.0);
    const double s = u * u + v * v;
    if (s > 0.0 && s < 1.0) return u * std::sqrt(-2.0 * std::log(s) / s);
  }
}

}  // namespace runtime
