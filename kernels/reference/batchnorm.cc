#include <cmath>

#include "kernels/fits.h"
#include "kernels/reference/activation.h"
#include "kernels/reference/backend.h"
#include "kernels/reference/scalars.h"

namespace kernels::reference {
namespace {

template <typename T>
void measure(const BatchNormShape& s, std::span<const T> in, const BatchNormMoments& moments) {
  const auto rows = static_cast<double>(s.rows);
  for (std::size_t c = 0; c < s.channels; ++c) {
    double sum = 0.0;
    for (std::size_t i = c; i < in.size(); i += s.channels) sum += static_cast<double>(in[i]);
    const double mean = sum / rows;
    double squares = 0.0;
    for (std::size_t i = c; i < in.size(); i += s.channels) {
      const double distance = static_cast<double>(in[i]) - mean;
      squares += distance * distance;
    }
    moments.mean.as<T>()[c] = static_cast<T>(mean);
    moments.variance.as<T>()[c] = static_cast<T>(squares / rows);
  }
}

template <typename T>
void apply(const BatchNormShape& s, const BatchNormInputs& inputs,
           const BatchNormParameters& parameters, const BatchNormMoments& moments,
           std::span<T> out) {
  const auto in = inputs.in.as<T>();
  for (std::size_t i = 0; i < in.size(); ++i) {
    const std::size_t c = i % s.channels;
    const auto variance = static_cast<double>(moments.variance.as<T>()[c]);
    const double distance =
        static_cast<double>(in[i]) - static_cast<double>(moments.mean.as<T>()[c]);
    const double value =
        static_cast<double>(parameters.scale.as<T>()[c]) * distance /
            std::sqrt(variance + s.epsilon) +
        static_cast<double>(parameters.shift.as<T>()[c]) +
        (inputs.added.empty() ? 0.0 : static_cast<double>(inputs.added.as<T>()[i]));
    out[i] = activated(s.activation, static_cast<T>(value));
  }
}

// Channel c. With n rows, h = (in - mean) / deviation:
// d_in = scale / deviation (d_out - mean of d_out - h mean of (d_out h))
template <typename T>
void backward(const BatchNormShape& s, const BatchNormSaved& saved, const LayerGradients& gradients,
              std::size_t c) {
  const auto in = saved.in.as<T>();
  const auto d_out = gradients.d_out.as<T>();
  const auto mean = static_cast<double>(saved.mean.as<T>()[c]);
  const double deviation = std::sqrt(static_cast<double>(saved.variance.as<T>()[c]) + s.epsilon);
  double sum = 0.0;
  double product = 0.0;
  for (std::size_t i = c; i < in.size(); i += s.channels) {
    const auto d = static_cast<double>(d_out[i]);
    sum += d;
    product += d * (static_cast<double>(in[i]) - mean) / deviation;
  }
  gradients.d_bias.as<T>()[c] = static_cast<T>(sum);
  gradients.d_weight.as<T>()[c] = static_cast<T>(product);
  if (gradients.d_in.empty()) return;
  const auto rows = static_cast<double>(s.rows);
  const double factor = static_cast<double>(saved.scale.as<T>()[c]) / deviation;
  for (std::size_t i = c; i < in.size(); i += s.channels) {
    const double h = (static_cast<double>(in[i]) - mean) / deviation;
    const double d = static_cast<double>(d_out[i]) - sum / rows - h * product / rows;
    gradients.d_in.as<T>()[i] = static_cast<T>(factor * d);
  }
}

}  // namespace

void ReferenceBackend::batchnorm_forward(const BatchNormShape& shape, const BatchNormInputs& inputs,
                                         const BatchNormParameters& parameters,
                                         const BatchNormMoments& moments,
                                         const BatchNormOutputs& outputs) {
  CHECK(outputs.rounded.empty() && fits(shape, inputs, parameters, moments, outputs));
  with_type(inputs.in.scalar(), [&](auto zero) {
    using T = decltype(zero);
    measure<T>(shape, inputs.in.as<T>(), moments);
    apply<T>(shape, inputs, parameters, moments, outputs.out.as<T>());
  });
}

void ReferenceBackend::batchnorm_apply(const BatchNormShape& shape, const BatchNormInputs& inputs,
                                       const BatchNormParameters& parameters,
                                       const BatchNormMoments& moments,
                                       const BatchNormOutputs& outputs) {
  CHECK(outputs.rounded.empty() && fits(shape, inputs, parameters, moments, outputs));
  with_type(inputs.in.scalar(), [&](auto zero) {
    using T = decltype(zero);
    apply<T>(shape, inputs, parameters, moments, outputs.out.as<T>());
  });
}

void ReferenceBackend::batchnorm_backward(const BatchNormShape& shape, const BatchNormSaved& saved,
                                          const LayerGradients& gradients) {
  CHECK(fits(shape, saved, gradients) && saved.out.scalar() == saved.in.scalar());
  with_type(saved.in.scalar(), [&](auto zero) {
    using T = decltype(zero);
    const auto d_out = gradients.d_out.as<T>();
    if (!gradients.d_out_more.empty())
      for (std::size_t i = 0; i < d_out.size(); ++i) d_out[i] += gradients.d_out_more.as<T>()[i];
    mask<T>(shape.activation, saved.out.as<T>(), d_out);
    for (std::size_t c = 0; c < shape.channels; ++c) backward<T>(shape, saved, gradients, c);
  });
}

void ReferenceBackend::add(ConstView a, ConstView b, Activation activation, View out) {
  CHECK(a.count() == out.count() && b.count() == out.count());
  with_type(out.scalar(), [&](auto zero) {
    using T = decltype(zero);
    for (std::size_t i = 0; i < out.count(); ++i)
      out.as<T>()[i] = activated<T>(activation, a.as<T>()[i] + b.as<T>()[i]);
  });
}

}  // namespace kernels::reference
