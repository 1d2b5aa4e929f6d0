#pragma once
// Synchronous Stochastic Gradient Push by matrices, in doubles: what the product must agree with.
// (Assran et al. 2019, algorithm 1, with heavy-ball momentum kept by each peer.)

#include <cstddef>
#include <functional>
#include <vector>

namespace sgp_reference {

using Matrix = std::vector<std::vector<double>>;  // [to][from], column-stochastic

struct Problem {
  Matrix centers;    // [peer][k]
  Matrix curvature;  // [peer][k]
  double learning_rate = 0.0;
  double momentum = 0.0;
};

struct State {
  Matrix x;
  std::vector<double> weights;
  Matrix m;

  explicit State(std::size_t peers, std::size_t dimension)
      : x(peers, std::vector<double>(dimension, 0.0)), weights(peers, 1.0), m(x) {}
  [[nodiscard]] double z(std::size_t peer, std::size_t k) const {
    return x[peer][k] / weights[peer];
  }
};

inline void gradient_step(const Problem& problem, State& state) {
  for (std::size_t i = 0; i < state.x.size(); ++i) {
    std::vector<double> gradient(state.x[i].size());
    for (std::size_t k = 0; k < gradient.size(); ++k) {
      gradient[k] = problem.curvature[i][k] * (state.z(i, k) - problem.centers[i][k]);
    }
    for (std::size_t k = 0; k < gradient.size(); ++k) {
      state.m[i][k] = problem.momentum * state.m[i][k] + gradient[k];
      state.x[i][k] -= problem.learning_rate * state.m[i][k];
    }
  }
}

inline void mix(const Matrix& matrix, State& state) {
  const State before = state;
  for (std::size_t to = 0; to < matrix.size(); ++to) {
    state.weights[to] = 0.0;
    for (double& value : state.x[to]) value = 0.0;
    for (std::size_t from = 0; from < matrix.size(); ++from) {
      state.weights[to] += matrix[to][from] * before.weights[from];
      for (std::size_t k = 0; k < state.x[to].size(); ++k) {
        state.x[to][k] += matrix[to][from] * before.x[from][k];
      }
    }
  }
}

}  // namespace sgp_reference
