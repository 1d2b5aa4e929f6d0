#include "kernels/fits.h"
#include "kernels/reference/activation.h"
#include "kernels/reference/backend.h"
#include "kernels/reference/factor.h"
#include "kernels/reference/scalars.h"

namespace kernels::reference {
namespace {

template <typename T>
void forward(const DenseShape& s, Precision precision, const LayerViews& views, View out) {
  const Factor<T> in(precision, views.in.as<T>());
  const Factor<T> weight(precision, views.weight.as<T>());
  for (std::size_t n = 0; n < s.batch; ++n)
    for (std::size_t o = 0; o < s.outputs; ++o) {
      double sum = views.bias.empty() ? 0.0 : static_cast<double>(views.bias.as<T>()[o]);
      for (std::size_t i = 0; i < s.inputs; ++i)
        sum += in[n * s.inputs + i] * weight[o * s.inputs + i];
      out.as<T>()[n * s.outputs + o] = activated(s.activation, static_cast<T>(sum));
    }
}

// d_weight = d_out^T in
template <typename T>
void backward_weight(const DenseShape& s, const Factor<T>& in, const Factor<T>& d_out,
                     std::span<T> d_weight) {
  for (std::size_t o = 0; o < s.outputs; ++o)
    for (std::size_t i = 0; i < s.inputs; ++i) {
      double sum = 0.0;
      for (std::size_t n = 0; n < s.batch; ++n)
        sum += d_out[n * s.outputs + o] * in[n * s.inputs + i];
      d_weight[o * s.inputs + i] = static_cast<T>(sum);
    }
}

// d_in = d_out weight
template <typename T>
void backward_data(const DenseShape& s, const Factor<T>& weight, const Factor<T>& d_out,
                   std::span<T> d_in) {
  for (std::size_t n = 0; n < s.batch; ++n)
    for (std::size_t i = 0; i < s.inputs; ++i) {
      double sum = 0.0;
      for (std::size_t o = 0; o < s.outputs; ++o)
        sum += d_out[n * s.outputs + o] * weight[o * s.inputs + i];
      d_in[n * s.inputs + i] = static_cast<T>(sum);
    }
}

}  // namespace

void ReferenceBackend::dense_forward(const DenseShape& shape, ConstView in, ConstView weight,
                                     ConstView bias, View out) {
  const LayerViews views{in, weight, bias, out};
  CHECK(fits(shape, views));
  with_type(in.scalar(),
            [&](auto zero) { forward<decltype(zero)>(shape, precision_, views, out); });
}

void ReferenceBackend::dense_backward(const DenseShape& shape, const DenseSaved& saved,
                                      const LayerGradients& gradients) {
  CHECK(fits(shape, saved, gradients));
  with_type(saved.in.scalar(), [&](auto zero) {
    using T = decltype(zero);
    const std::span<T> d_out = gradients.d_out.as<T>();
    mask<T>(shape.activation, saved.out.as<T>(), d_out);
    if (!gradients.d_bias.empty()) add_up_rows<T>(d_out, gradients.d_bias.as<T>());
    const Factor<T> factor(precision_, d_out);
    backward_weight<T>(shape, {precision_, saved.in.as<T>()}, factor, gradients.d_weight.as<T>());
    if (!gradients.d_in.empty())
      backward_data<T>(shape, {precision_, saved.weight.as<T>()}, factor, gradients.d_in.as<T>());
  });
}

}  // namespace kernels::reference
