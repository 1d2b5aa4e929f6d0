#pragma once

#include <cstddef>
#include <optional>

#include "peers/objective.h"
#include "peers/policies/vector_space.h"

namespace peers {

// What one batch says of the gradients h of its samples: their mean g, and how far they are from
// it. From two halves of the batch, without any sample's own gradient: the mean gradients G1, G2 of
// b1 and b2 samples are independent, so <G1, G2> is |g|^2, and |G1 - G2|^2 is tr Cov(h) (1/b1 +
// 1/b2), both without bias (the estimator of two batch sizes, McCandlish et al. 2018, with the
// whole batch as the larger). Sums over batches stay unbiased; their quotient is taken last.
struct NoiseSums {
  double squared_norm = 0.0;  // |g|^2; of one batch it may be below 0
  double trace = 0.0;         // tr Cov(h)

  void add(const NoiseSums& other) {
    squared_norm += other.squared_norm;
    trace += other.trace;
  }
  void scale(double factor) {
    squared_norm *= factor;
    trace *= factor;
  }
  [[nodiscard]] double second_moment() const { return squared_norm + trace; }  // mean |h|^2
  // B_S = mean |h|^2 / |g|^2 (Yin et al. 2018): batches of up to so many samples are worth their
  // number. Infinite where no mean gradient shows among the noise.
  [[nodiscard]] double noise_scale() const;
};

[[nodiscard]] NoiseSums noise_of_halves(double squared_first, double squared_second, double product,
                                        std::size_t first, std::size_t second);

// Takes both halves' gradients, a pass over the batch in all. Keeps one vector of room from its
// first use on. Where layers normalise over the batch, each half is normalised by itself.
class SplitGradient {
 public:
  explicit SplitGradient(const VectorSpace& space) : space_(space) {}

  // Of the objective's current batch, which has at least two samples. Overwrites `room`, as long
  // as the model and on the device, where noise() reads until the next call.
  void take(Objective& objective, kernels::ConstView estimate, kernels::View room);
  [[nodiscard]] NoiseSums noise(std::size_t offset, std::size_t count) const;  // of some parameters
  [[nodiscard]] kernels::ConstView mean() const { return mean_->view(); }      // of the whole batch
  [[nodiscard]] std::size_t samples() const { return first_count_ + second_count_; }

 private:
  VectorSpace space_;
  kernels::View difference_;             // G1 - G2
  std::optional<kernels::Buffer> mean_;  // of the batch
  std::size_t first_count_ = 0;
  std::size_t second_count_ = 0;
};

}  // namespace peers
