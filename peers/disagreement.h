#pragma once
// What the estimates of several peers do not agree on: Xi = (1/m) sum_j (w_j - w_a)(w_j - w_a)^T,
// of m estimates w_j about their plain mean w_a. Gradients taken at the w_j are, to third order,
// those of the loss averaged over N(w_a, Xi) (Zhu et al. 2023, theorem 1): decentralized descent is
// sharpness-aware in these directions, and N(w_a, Xi) is an estimate of what is not known of w.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace peers {

class Disagreement {
 public:
  // At least one estimate, all of one length. The spans are to outlive this.
  explicit Disagreement(std::vector<std::span<const float>> estimates);

  [[nodiscard]] std::size_t size() const { return estimates_.size(); }
  [[nodiscard]] std::vector<float> mean() const;  // w_a
  // Tr Xi, the consensus distance: the mean over the estimates of |w_j - w_a|^2.
  [[nodiscard]] double trace() const;
  [[nodiscard]] std::vector<float> along(std::size_t j,
                                         double step) const;  // w_a + step (w_j - w_a)
  // w_a + (sign / sqrt m) sum_j xi_j (w_j - w_a), xi_j normal: of covariance Xi. The same xi for
  // equal seed and number.
  [[nodiscard]] std::vector<float> draw(std::uint64_t seed, std::uint64_t number,
                                        double sign = 1.0) const;

 private:
  [[nodiscard]] std::vector<float> moved(std::span<const double> steps) const;

  std::vector<std::span<const float>> estimates_;
  std::vector<double> mean_;
};

// The loss of a model, by its parameters.
using LossOf = std::function<double(std::span<const float> parameters)>;

struct Sharpness {
  double trace = 0.0;      // Tr Xi
  double curvature = 0.0;  // Tr(H Xi), H the Hessian of the loss at w_a
  // E L(w_a + e) - L(w_a), e from N(0, Xi): that of which curvature / 2 is the second order.
  double rise = 0.0;
  double rise_error = 0.0;  // its standard error
};

// Tr(H Xi) by second differences, (1/m) sum_j [L(w_a + d_j) - 2 L(w_a) + L(w_a - d_j)] with d_j =
// w_j - w_a: exact where the loss has no fourth derivative. The rise by `pairs` draws e and as many
// -e (in which the slope cancels), at least two.
[[nodiscard]] Sharpness sharpness_along(const Disagreement& disagreement, const LossOf& loss,
                                        std::size_t pairs, std::uint64_t seed);

}  // namespace peers
