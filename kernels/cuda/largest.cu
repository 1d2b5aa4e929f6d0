#include <cstdint>
#include <limits>

#include "kernels/cuda/launch.h"
#include "kernels/cuda/payloads.h"
#include "kernels/cuda/status.h"

namespace kernels::cuda {
namespace {

using Word = std::uint32_t;

// A magnitude is compared by its bits, of which a digit is found at a time, the highest first.
constexpr unsigned kDigitBits = 8;
constexpr unsigned kDigits = 4;
constexpr std::size_t kDigitValues = 1U << kDigitBits;
constexpr std::size_t kWordBits = 32;  // numbers of a word of a bitmap
constexpr std::size_t kGroupWords = 64;

__device__ Word magnitude_of(float number) {
  return __builtin_bit_cast(Word, number) & 0x7FFFFFFFU;
}

std::size_t words_of(std::size_t count) { return (count + kWordBits - 1) / kWordBits; }
std::size_t groups_of(std::size_t words) { return (words + kGroupWords - 1) / kGroupWords; }

// The search for the magnitude that bounds what is kept: larger numbers are, and of those that
// equal it the first equals(). In the device's memory, of any content at first.
struct Bound {
  static constexpr std::size_t kWords = kDigits * kDigitValues + 2;

  // Of the numbers whose higher digits are those of magnitude(), how many have which here.
  [[nodiscard]] __device__ Word* counts(unsigned digit) const {
    return words + digit * kDigitValues;
  }
  [[nodiscard]] __device__ Word& magnitude() const { return words[kWords - 2]; }
  [[nodiscard]] __device__ Word& equals() const { return words[kWords - 1]; }

  Word* words;
};

void find(Device& device, const float* x, std::size_t count, std::size_t kept, Bound bound) {
  const auto wanted = static_cast<Word>(kept);
  CUDA_CHECK(launch(device.stream(), Bound::kWords, [=] __device__(std::size_t i) {
    bound.words[i] = &bound.words[i] == &bound.equals() ? wanted : 0;
  }));
  for (unsigned digit = kDigits; digit-- > 0;) {
    const unsigned shift = digit * kDigitBits;
    CUDA_CHECK(launch(device.stream(), count, [=] __device__(std::size_t i) {
      const Word magnitude = magnitude_of(x[i]);
      const std::uint64_t difference = magnitude ^ bound.magnitude();
      if (difference >> (shift + kDigitBits) == 0)
        atomicAdd(bound.counts(digit) + (magnitude >> shift) % kDigitValues, 1U);
    }));
    CUDA_CHECK(launch(device.stream(), 1, [=] __device__(std::size_t) {
      const Word* const counts = bound.counts(digit);
      Word left = bound.equals();
      Word value = kDigitValues - 1;
      for (; counts[value] < left; --value) left -= counts[value];
      bound.magnitude() |= value << shift;
      bound.equals() = left;
    }));
  }
}

// Where in a payload the numbers of each word of a bitmap go: how many come before. A tally counts
// two things at once, one in each half; sums of halves do not meet, as there are less than 2^32
// numbers.
struct Places {
  std::uint64_t* words;   // the tally of each, and before it ...
  std::uint64_t* groups;  // ... those of its group, whose own is summed up here

  [[nodiscard]] __device__ std::uint64_t before(std::size_t word) const {
    std::uint64_t sum = groups[word / kGroupWords];
    for (std::size_t other = word / kGroupWords * kGroupWords; other < word; ++other)
      sum += words[other];
    return sum;
  }
};

// The tallies of `count` words are there.
void sum_up(Device& device, const Places& places, std::size_t count) {
  const std::size_t groups = groups_of(count);
  CUDA_CHECK(launch(device.stream(), groups, [=] __device__(std::size_t group) {
    std::uint64_t sum = 0;
    for (std::size_t word = group * kGroupWords; word < count && word < (group + 1) * kGroupWords;
         ++word)
      sum += places.words[word];
    places.groups[group] = sum;
  }));
  CUDA_CHECK(launch(device.stream(), 1, [=] __device__(std::size_t) {
    std::uint64_t sum = 0;
    for (std::size_t group = 0; group < groups; ++group) {
      const std::uint64_t own = places.groups[group];
      places.groups[group] = sum;
      sum += own;
    }
  }));
}

struct Memory {
  Memory(Device& device, std::size_t words)
      : places{device.scratch<std::uint64_t>(words + groups_of(words) + Bound::kWords), nullptr} {
    places.groups = places.words + words;
    bound.words = reinterpret_cast<Word*>(places.groups + groups_of(words));
  }
  Places places;
  Bound bound{};
};

}  // namespace

void keep_largest(Device& device, const float* x, std::size_t count, std::size_t kept,
                  View payload) {
  CHECK(kept > 0 && kept <= count && count <= std::numeric_limits<Word>::max());
  const std::size_t words = words_of(count);
  const Memory memory(device, words);
  const Bound bound = memory.bound;
  const Places places = memory.places;
  find(device, x, count, kept, bound);
  CUDA_CHECK(launch(device.stream(), words, [=] __device__(std::size_t word) {
    std::uint64_t tally = 0;  // larger numbers in the high half, equal ones in the low
    for (std::size_t i = word * kWordBits; i < count && i < (word + 1) * kWordBits; ++i) {
      const Word magnitude = magnitude_of(x[i]);
      if (magnitude > bound.magnitude()) tally += std::uint64_t{1} << 32U;
      if (magnitude == bound.magnitude()) ++tally;
    }
    places.words[word] = tally;
  }));
  sum_up(device, places, words);
  float* const numbers = static_cast<float*>(payload.data());
  Word* const positions = static_cast<Word*>(payload.data()) + kept;
  const bool has_bitmap = cells::has_bitmap(count, kept);
  CUDA_CHECK(launch(device.stream(), words, [=] __device__(std::size_t word) {
    const std::uint64_t before = places.before(word);
    const Word most_equals = bound.equals();
    Word equals = static_cast<Word>(before);
    std::size_t place = (before >> 32U) + (equals < most_equals ? equals : most_equals);
    Word bits = 0;
    for (std::size_t i = word * kWordBits; i < count && i < (word + 1) * kWordBits; ++i) {
      const Word magnitude = magnitude_of(x[i]);
      const bool is_equal = magnitude == bound.magnitude();
      if (magnitude < bound.magnitude() || (is_equal && equals >= most_equals)) continue;
      if (is_equal) ++equals;
      bits |= 1U << (i % kWordBits);
      if (!has_bitmap) positions[place] = static_cast<Word>(i);
      numbers[place++] = x[i];
    }
    if (has_bitmap) positions[word] = bits;
  }));
}

void place_largest(Device& device, ConstView payload, std::size_t kept, float* x,
                   std::size_t count) {
  const float* const numbers = static_cast<const float*>(payload.data());
  const Word* const positions = static_cast<const Word*>(payload.data()) + kept;
  CUDA_CHECK(launch(device.stream(), count, [=] __device__(std::size_t i) { x[i] = 0.0F; }));
  if (!cells::has_bitmap(count, kept)) {
    CUDA_CHECK(launch(device.stream(), kept,
                      [=] __device__(std::size_t i) { x[positions[i]] = numbers[i]; }));
    return;
  }
  const std::size_t words = words_of(count);
  const Places places = Memory(device, words).places;
  CUDA_CHECK(launch(device.stream(), words, [=] __device__(std::size_t word) {
    std::uint64_t tally = 0;
    for (Word bits = positions[word]; bits != 0; bits &= bits - 1) ++tally;
    places.words[word] = tally;
  }));
  sum_up(device, places, words);
  CUDA_CHECK(launch(device.stream(), words, [=] __device__(std::size_t word) {
    std::size_t place = places.before(word);
    for (std::size_t i = 0; i < kWordBits; ++i)
      if (((positions[word] >> i) & 1U) != 0) x[word * kWordBits + i] = numbers[place++];
  }));
}

}  // namespace kernels::cuda
