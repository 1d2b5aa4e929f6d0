#pragma once
// One layer of a network: shapes, and which of the backend's operators to call. It holds no
// numbers: parameters, activations and gradients are the network's and come in as views.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/backend.h"
#include "models/image_shape.h"
#include "models/parameter_tensor.h"
#include "runtime/random.h"

namespace models {

struct ForwardViews {
  std::size_t batch = 0;
  bool training = true;           // false: to be scored, by running statistics where there are any
  kernels::ConstView draw;        // draws(): i32, fixes what it draws at random in this pass
  kernels::ConstView parameters;  // this layer's slice: weight, then bias
  kernels::ConstView statistics;  // and its slice of the running ones
  kernels::ConstView in;
  kernels::ConstView shortcut;  // of a layer with two inputs: the second
  kernels::View out;            // may be empty where out_rounded is not
  kernels::View out_rounded;    // the same as bf16, or empty
  kernels::View saved;          // saved_count() numbers for the backward pass
};

struct BackwardViews {
  std::size_t batch = 0;
  kernels::ConstView draw;  // of the forward pass
  kernels::ConstView parameters;
  kernels::ConstView in;     // as the forward pass read it, or what backward_reads() takes for it
  kernels::ConstView out;    // as the forward pass wrote it, likewise
  kernels::ConstView saved;  // as the forward pass wrote it
  kernels::View d_out;       // scratch afterwards
  kernels::ConstView d_out_more;  // adds_gradients(): the rest of it, where it comes in two parts
  kernels::View d_in;             // empty: nobody asks for it
  kernels::View d_shortcut;       // the same
  kernels::View d_parameters;     // overwritten
};

// What of its first input a backward pass reads.
enum class ReadsIn : std::uint8_t {
  kNothing,
  kForWeights,  // all of it, for the gradient of weights and of nothing else
  kWinners,  // where each window has its largest: as good is 1 there, 0 elsewhere, and an output of
             // 1s
  kAll
};
// And of its output.
enum class ReadsOut : std::uint8_t {
  kNothing,
  kSigns,  // which are above zero: as good is 1 for them, 0 for others
  kAll
};
// Of a second input it reads nothing.
struct BackwardReads {
  ReadsIn in = ReadsIn::kAll;
  ReadsOut out = ReadsOut::kAll;
};
[[nodiscard]] constexpr ReadsOut reads_for(kernels::Activation activation) {
  return activation == kernels::Activation::kRelu ? ReadsOut::kSigns : ReadsOut::kNothing;
}

// Which views may be of bf16, on a backend that takes_rounded(): what is read as a factor of
// products and in no other way is the same, and half as much to read and write.
struct Roundable {
  bool in = false;  // in either direction
  bool d_out = false;
  bool results = false;  // out, written and read again, and d_in, for others to read so
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
  // Writes what tensors() start from.
  virtual void initialise(runtime::Random& /*random*/, std::span<float> /*parameters*/) const {}

  // Running statistics, which follow the batches instead of a gradient; described as tensors() are.
  [[nodiscard]] virtual std::vector<ParameterTensor> statistics() const { return {}; }
  virtual void initialise_statistics(std::span<float> /*statistics*/) const {}
  // How far one batch, the last that passed forward, moves them.
  virtual void move_statistics(kernels::Backend& /*backend*/, std::size_t /*batch*/,
                               kernels::ConstView /*saved*/, kernels::ConstView /*statistics*/,
                               kernels::View /*delta*/) const {}

  // Numbers, whatever the batch, that a backward pass needs beside in and out.
  [[nodiscard]] virtual std::size_t saved_count() const { return 0; }
  // Whether passes depend on their `draw`.
  [[nodiscard]] virtual bool draws() const { return false; }
  // Whether d_in may be the memory of d_out, where both are of one type.
  [[nodiscard]] virtual bool backward_in_place() const { return false; }
  // Whether d_shortcut must be the memory of d_out, instead: it is left there.
  [[nodiscard]] virtual bool shortcut_in_place() const { return false; }
  // Whether d_out may come in two parts, where two layers read the output.
  [[nodiscard]] virtual bool adds_gradients() const { return false; }

  [[nodiscard]] virtual Roundable roundable() const { return {}; }

  // By default what is safe: all.
  [[nodiscard]] virtual BackwardReads backward_reads() const { return {}; }

  // Multiply-adds of matrix products that one sample's forward pass takes.
  [[nodiscard]] virtual std::size_t multiplications() const { return 0; }

  virtual void forward(kernels::Backend& backend, const ForwardViews& views) const = 0;
  virtual void backward(kernels::Backend& backend, const BackwardViews& views) const = 0;
};

}  // namespace models
