#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace gossip {

// Finds the largest of many numbers, again and again in the same memory. One thread.
class Largest {
 public:
  // The positions of the `kept` numbers of the largest magnitude, in order; of equal ones the
  // first. kept <= x.size(); no NaN. Good until the next call.
  [[nodiscard]] std::span<const std::uint32_t> find(std::span<const float> x, std::size_t kept);
  [[nodiscard]] std::span<const std::uint32_t> find(std::span<const double> x, std::size_t kept);

 private:
  template <typename T>
  void keep_largest(std::span<const T> x, std::size_t kept);
  template <typename T>
  void rank_all(std::span<const T> x, std::size_t kept);

  std::vector<std::uint32_t> candidates_;  // in order
  std::vector<std::uint32_t> ranked_;
};

}  // namespace gossip
