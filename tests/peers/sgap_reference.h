#pragma once
// Adaptive Weighting Push-SUM with Moreau weights by matrices, in doubles: what the product must
// agree with. (Zhou, Cheng, Xu, Chen 2024: SGAP; MSGAP with momentum. The weights of a round are
// taken from what was exchanged before it.)

#include <cmath>
#include <cstddef>
#include <vector>

#include "tests/peers/sgp_reference.h"

namespace sgap_reference {

using sgp_reference::Matrix;

struct Moreau {
  double v = 0.1;
  double k = 10.0;

  [[nodiscard]] double at(double squared) const {
    return (1.0 - v) / (1.0 + v) * (1.0 + v - std::exp(-k * squared));
  }
};

// Who has heard what: past[i][j] is the x of j that i heard last (of itself: pushed last).
class Weights {
 public:
  Weights(Moreau moreau, std::size_t peers)
      : moreau_(moreau), past_(peers, Matrix(peers)), heard_(peers, std::vector<bool>(peers)) {}

  // The mixing matrix of a round whose edges are "c pushes to r", the diagonal set.
  [[nodiscard]] Matrix matrix(const Matrix& edges) const {
    const std::size_t n = edges.size();
    Matrix weights(n, std::vector<double>(n, 0.0));
    for (std::size_t from = 0; from < n; ++from) {
      double out_degree = 0.0;
      for (std::size_t to = 0; to < n; ++to) out_degree += edges[to][from] != 0.0 ? 1.0 : 0.0;
      double kept = 1.0;
      for (std::size_t to = 0; to < n; ++to) {
        if (to == from || edges[to][from] == 0.0) continue;
        weights[to][from] = moreau_.at(squared_distance(from, to)) / out_degree;
        kept -= weights[to][from];
      }
      weights[from][from] = kept;
    }
    return weights;
  }

  // What was exchanged over `edges`: x after the gradient step, before mixing.
  void exchanged(const Matrix& edges, const Matrix& x) {
    for (std::size_t to = 0; to < edges.size(); ++to) {
      for (std::size_t from = 0; from < edges.size(); ++from) {
        if (edges[to][from] == 0.0) continue;
        past_[to][from] = x[from];
        heard_[to][from] = true;
      }
    }
  }

 private:
  [[nodiscard]] double squared_distance(std::size_t self, std::size_t other) const {
    if (!heard_[self][other] || !heard_[self][self]) return 0.0;
    double sum = 0.0;
    for (std::size_t k = 0; k < past_[self][self].size(); ++k) {
      const double difference = past_[self][self][k] - past_[self][other][k];
      sum += difference * difference;
    }
    return sum;
  }

  Moreau moreau_;
  std::vector<Matrix> past_;
  std::vector<std::vector<bool>> heard_;
};

}  // namespace sgap_reference
