#pragma once
// The mixing matrix of one round, column by column as the peers would push it: W[i][j] is the share
// of j's mass that goes to i.

#include <cmath>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gossip/topology.h"
#include "gossip/weighting.h"
#include "runtime/peer_id.h"

namespace test {

using Matrix = std::vector<std::vector<double>>;

inline Matrix mixing_matrix(const gossip::Topology& topology, const gossip::Weighting& weighting,
                            std::uint64_t round, std::span<const runtime::PeerId> members) {
  Matrix matrix(members.size(), std::vector<double>(members.size(), 0.0));
  for (std::size_t j = 0; j < members.size(); ++j) {
    const auto receivers = topology.out_neighbours(round, members, members[j]);
    const gossip::List<double> shares = weighting.shares({.round = round,
                                                          .members = members,
                                                          .self = members[j],
                                                          .receivers = receivers,
                                                          .topology = &topology});
    matrix[j][j] = 1.0;
    for (std::size_t r = 0; r < receivers.size(); ++r) {
      std::size_t i = 0;
      while (members[i] != receivers[r]) ++i;
      matrix[i][j] += shares.at(r);
      matrix[j][j] -= shares[r];
    }
  }
  return matrix;
}

// A topology and a weighting of a name, over peers 0 .. count - 1 or any others.
class MixingMatrices {
 public:
  explicit MixingMatrices(const gossip::TopologyOptions& topology,
                          const gossip::WeightingOptions& weighting = {})
      : topology_(gossip::make_topology(topology).value()),
        weighting_(gossip::make_weighting(weighting).value()) {}

  [[nodiscard]] const gossip::Topology& topology() const { return *topology_; }
  [[nodiscard]] Matrix at(std::uint64_t round, std::span<const runtime::PeerId> members) const {
    return mixing_matrix(*topology_, *weighting_, round, members);
  }
  [[nodiscard]] Matrix at(std::uint64_t round, std::size_t count) const {
    std::vector<runtime::PeerId> members;
    for (std::size_t i = 0; i < count; ++i) members.push_back(runtime::PeerId{i});
    return at(round, members);
  }

 private:
  std::unique_ptr<gossip::Topology> topology_;
  std::unique_ptr<gossip::Weighting> weighting_;
};

inline Matrix identity(std::size_t count) {
  Matrix matrix(count, std::vector<double>(count, 0.0));
  for (std::size_t i = 0; i < count; ++i) matrix[i][i] = 1.0;
  return matrix;
}

inline Matrix product(const Matrix& a, const Matrix& b) {
  Matrix result(a.size(), std::vector<double>(b.front().size(), 0.0));
  for (std::size_t i = 0; i < a.size(); ++i)
    for (std::size_t k = 0; k < b.size(); ++k) {
      if (a[i][k] == 0.0) continue;
      for (std::size_t j = 0; j < b[k].size(); ++j) result[i][j] += a[i][k] * b[k][j];
    }
  return result;
}

// Of the first `rounds` rounds, the last one leftmost.
inline Matrix product_of_rounds(const MixingMatrices& matrices, std::uint64_t rounds,
                                std::size_t count) {
  Matrix result = identity(count);
  for (std::uint64_t round = 0; round < rounds; ++round)
    result = product(matrices.at(round, count), result);
  return result;
}

// How far the largest entry is from the exact average, 1 / N.
inline double distance_from_average(const Matrix& matrix) {
  double worst = 0.0;
  for (const auto& row : matrix)
    for (const double entry : row)
      worst = std::max(worst, std::abs(entry - 1.0 / static_cast<double>(matrix.size())));
  return worst;
}

inline double row_sum_error(const Matrix& matrix) {
  double worst = 0.0;
  for (const auto& row : matrix) {
    double sum = 0.0;
    for (const double entry : row) sum += entry;
    worst = std::max(worst, std::abs(sum - 1.0));
  }
  return worst;
}

inline bool is_symmetric(const Matrix& matrix) {
  for (std::size_t i = 0; i < matrix.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (std::abs(matrix[i][j] - matrix[j][i]) > 1e-15) return false;
  return true;
}

// The second largest singular value of a doubly stochastic matrix, to five digits or so.
inline double second_singular_value(const Matrix& matrix) {
  std::vector<double> x(matrix.size());
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::sin(1.0 + static_cast<double>(7 * i * i));
  double value = 0.0;
  for (int step = 0; step < 2000; ++step) {
    double mean = 0.0;
    for (const double v : x) mean += v / static_cast<double>(x.size());
    double norm = 0.0;
    for (double& v : x) {
      v -= mean;
      norm += v * v;
    }
    for (double& v : x) v /= std::sqrt(norm);
    std::vector<double> forth(x.size(), 0.0);
    for (std::size_t i = 0; i < x.size(); ++i)
      for (std::size_t j = 0; j < x.size(); ++j) forth[i] += matrix[i][j] * x[j];
    value = 0.0;
    for (const double v : forth) value += v * v;
    std::fill(x.begin(), x.end(), 0.0);
    for (std::size_t i = 0; i < x.size(); ++i)
      for (std::size_t j = 0; j < x.size(); ++j) x[j] += matrix[i][j] * forth[i];
  }
  return std::sqrt(value);
}

}  // namespace test
