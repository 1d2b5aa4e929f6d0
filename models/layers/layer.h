#pragma once
// One layer of a network: shapes, and which of the backend's operators to call. It holds no
// numbers: parameters, activations and gradients are the network's and come in as views.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/backend.h"
#include "models/image_shape.h"
#include "models/parameter_tensor.h"

namespace models {

struct ForwardViews {
  std::size_t batch = 0;
  kernels::ConstView parameters;  // this layer's slice: weight, then bias
  kernels::ConstView in;
  kernels::View out;
};

struct BackwardViews {
  std::size_t batch = 0;
  kernels::ConstView parameters;
  kernels::ConstView in;       // as the forward pass read it
  kernels::ConstView out;      // as the forward pass wrote it
  kernels::View d_out;         // scratch afterwards
  kernels::View d_in;          // empty: nobody asks for it
  kernels::View d_parameters;  // overwritten
};

class Layer {
 public:
  Layer() = default;
  virtual ~Layer() = default;
  Layer(const Layer&) = delete;
  Layer& operator=(const Layer&) = delete;

  [[nodiscard]] virtual std::string description() const = 0;  // "conv 6 5x5 pad 2, relu"
  [[nodiscard]] virtual ImageShape output() const = 0;

  // What it learns, weight before bias, offsets from its own slice: none unless the layer says
  // otherwise. Names are "weight" and "bias"; the network puts "conv1." before them, from stem().
  [[nodiscard]] virtual std::vector<ParameterTensor> tensors() const { return {}; }
  [[nodiscard]] virtual std::string_view stem() const { return ""; }
  [[nodiscard]] virtual std::size_t fan_in() const { return 0; }  // inputs of one output

  virtual void forward(kernels::Backend& backend, const ForwardViews& views) const = 0;
  virtual void backward(kernels::Backend& backend, const BackwardViews& views) const = 0;
};

}  // namespace models
