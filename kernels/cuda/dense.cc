#include "kernels/cuda/backend.h"
#include "kernels/cuda/layer.h"
#include "kernels/fits.h"

namespace kernels::cuda {

void CudaBackend::dense_forward(const DenseShape& shape, ConstView in, ConstView weight,
                                ConstView bias, View out) {
  CHECK(fits(shape, LayerViews{in, weight, bias, out}));
  multiply(
      device_,
      {.rows = shape.batch, .columns = shape.outputs, .inner = shape.inputs, .b_transposed = true},
      in.as<float>().data(), weight.as<float>().data(), out.as<float>().data(),
      {.activation = shape.activation, .bias = bias.empty() ? nullptr : bias.as<float>().data()});
}

void CudaBackend::dense_backward(const DenseShape& shape, const DenseSaved& saved,
                                 const LayerGradients& gradients) {
  CHECK(fits(shape, saved, gradients));
  float* const d_out = gradients.d_out.as<float>().data();
  const Rows size{shape.batch, shape.outputs};
  mask_gradient(device_, size, shape.activation, saved.out.as<float>().data(), d_out);
  if (!gradients.d_bias.empty())
    add_up_rows(device_, size, d_out, gradients.d_bias.as<float>().data());
  multiply(
      device_,
      {.rows = shape.outputs, .columns = shape.inputs, .inner = shape.batch, .a_transposed = true},
      d_out, saved.in.as<float>().data(), gradients.d_weight.as<float>().data());
  if (gradients.d_in.empty()) return;
  multiply(device_, {.rows = shape.batch, .columns = shape.inputs, .inner = shape.outputs}, d_out,
           saved.weight.as<float>().data(), gradients.d_in.as<float>().data());
}

}  // namespace kernels::cuda
