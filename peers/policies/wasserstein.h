#pragma once

#include <cstddef>
#include <vector>

#include "peers/policies/regularizer.h"

namespace peers {

// strength times the sum over all tensors of |sorted z - sorted z0|^2, z0 the start of the run:
// holds the distribution of a tensor's weights to that it started with, and leaves free which
// weight takes which place in it (Lewandowski et al. 2025, Wasserstein regularizer). An objective
// without tensors is one tensor. Keeps z0, sorted. Sorts every tensor on the host in every step:
// for small networks.
class Wasserstein final : public Regularizer {
 public:
  // `start`: host memory, all parameters. `tensors`: learned ones; none: all of the start.
  Wasserstein(double strength, kernels::ConstView start,
              std::span<const models::ParameterTensor> tensors, kernels::Backend& backend);
  void add_to(kernels::ConstView estimate, kernels::View gradient) override;
  void visit_state(StateVisitor& /*visitor*/) override {}  // the start follows from the config

 private:
  struct Tensor {
    std::size_t offset;
    std::vector<double> start;  // ascending
  };
  template <typename T>
  void differentiate(std::span<T> estimate);  // in place

  double strength_;
  std::vector<Tensor> tensors_;
  kernels::Buffer term_;
  kernels::Backend* backend_;
};

}  // namespace peers
