#pragma once

#include <vector>

#include "peers/policies/regularizer.h"

namespace peers {

// strength times the sum of
//   (sigma^2 - 1)^2   over the weights of dense and convolution layers, sigma the largest singular
//                     value of the matrix [outputs, inputs * kernel]
//   |b|^4             over their biases
//   (s^2 - 1)^2, b^4  over every number of a normalisation's scale and shift
// spectral regularization (Lewandowski et al. 2025, with k = 2): what multiplies is held near one,
// what adds near zero, and layers stay able to learn. Singular values below the largest are free.
//
// Keeps the two singular vectors of each matrix, which one power iteration a step brings along, and
// room for one matrix. Waits for the device several times a tensor and step.
class Spectral final : public Regularizer {
 public:
  // `tensors`: learned ones.
  Spectral(double strength, std::span<const models::ParameterTensor> tensors,
           kernels::Scalar scalar, kernels::Backend& backend);
  void add_to(kernels::ConstView estimate, kernels::View gradient) override;
  void visit_state(StateVisitor& visitor) override;

 private:
  struct Range {
    std::size_t offset;
    std::size_t count;
  };
  struct Matrix {
    Range range;
    kernels::DenseShape shape;
    kernels::Buffer left;   // u: as many as outputs, of length one
    kernels::Buffer right;  // v: as many as inputs
    kernels::Buffer next;   // v, being made
    bool warm = false;
  };
  double iterate(Matrix& matrix, kernels::ConstView weight);  // returns sigma
  double normalise(kernels::View vector);                     // returns the length it had
  void add_matrix(Matrix& matrix, kernels::ConstView weight, kernels::View gradient);
  void add_numbers(const Range& range, double target, kernels::ConstView estimate,
                   kernels::View gradient);

  double strength_;
  std::vector<Matrix> matrices_;
  std::vector<Range> biases_;
  std::vector<Range> scales_;
  std::vector<Range> shifts_;
  kernels::Buffer outer_;    // u v^T
  kernels::Buffer numbers_;  // of a scale or a shift
  kernels::Backend* backend_;
};

}  // namespace peers
