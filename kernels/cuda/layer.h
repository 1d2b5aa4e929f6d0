#pragma once
// What dense layers and convolutions share: a product of matrices, and what happens at a layer's
// output. Matrices are row-major, all memory the device's, all sizes counts of floats.

#include <cstddef>
#include <cstdint>

#include "kernels/cuda/device.h"
#include "kernels/shapes.h"

namespace kernels::cuda {

// c (rows x columns) = a b, or c += a b. `a` is stored columns-first where a_transposed, and so b.
// A matrix may be some columns of a wider one: its step is then the wider one's row, else 0.
struct Product {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::size_t inner = 0;
  bool a_transposed = false;
  bool b_transposed = false;
  bool add = false;
  std::size_t a_step = 0;
  std::size_t c_step = 0;
};
// What becomes of a product that is a layer's output: the bias, which may be null, is added to
// every row, then comes the activation.
struct Finish {
  Activation activation = Activation::kNone;
  const float* bias = nullptr;
};
// In the device's precision: of bf16, copies of both factors are rounded first. A product that has
// a finish is neither added nor part of a wider matrix.
void multiply(Device& device, const Product& product, const float* a, const float* b, float* c,
              const Finish& finish = {});

// to = from, each number rounded to the nearest bf16 (its bits).
void round_factor(Device& device, std::size_t count, const float* from, std::uint16_t* to);
// The other way: to = from, which are bits of bf16.
void widen_factor(Device& device, std::size_t count, const std::uint16_t* from, float* to);

// A layer's output: `rows` of `columns` channels.
struct Rows {
  std::size_t rows = 0;
  std::size_t columns = 0;
};

// out = activation(out + bias), the bias, which may be null, added to every row.
void add_bias(Device& device, const Rows& size, Activation activation, const float* bias,
              float* out);

// d_out = d_out where the activation let pass, else 0.
void mask_gradient(Device& device, const Rows& size, Activation activation, const float* out,
                   float* d_out);

// d_bias = the sum of d_out's rows, in an order that only `size` decides. Uses the scratch memory.
void add_up_rows(Device& device, const Rows& size, const float* d_out, float* d_bias);

}  // namespace kernels::cuda
