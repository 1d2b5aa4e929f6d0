#include <vector>

#include "kernels/fits.h"
#include "kernels/reference/activation.h"
#include "kernels/reference/backend.h"
#include "kernels/reference/factor.h"
#include "kernels/reference/scalars.h"

namespace kernels::reference {
namespace {

// Calls action(in_index, weight_index) for every product that output pixel (n, y, x) of channel o
// is the sum of; what falls into the padding is left out.
template <typename Action>
void for_taps(const ConvShape& s, const std::size_t (&at)[4], Action action) {
  const auto [n, y, x, o] = at;
  const std::size_t channels = s.in_channels / s.groups;
  const std::size_t first = o / (s.out_channels / s.groups) * channels;  // of the group
  for (std::size_t ky = 0; ky < s.kernel_height; ++ky)
    for (std::size_t kx = 0; kx < s.kernel_width; ++kx) {
      const std::size_t in_y = y * s.stride + ky;  // in the padded image
      const std::size_t in_x = x * s.stride + kx;
      if (in_y < s.padding || in_y >= s.in_height + s.padding) continue;
      if (in_x < s.padding || in_x >= s.in_width + s.padding) continue;
      const std::size_t pixel =
          (n * s.in_height + in_y - s.padding) * s.in_width + in_x - s.padding;
      const std::size_t tap = (o * s.kernel_height + ky) * s.kernel_width + kx;
      for (std::size_t c = 0; c < channels; ++c)
        action(pixel * s.in_channels + first + c, tap * channels + c);
    }
}

// Calls action(out_index, at) for every number of the output.
template <typename Action>
void for_outputs(const ConvShape& s, Action action) {
  std::size_t index = 0;
  for (std::size_t n = 0; n < s.batch; ++n)
    for (std::size_t y = 0; y < s.out_height(); ++y)
      for (std::size_t x = 0; x < s.out_width(); ++x)
        for (std::size_t o = 0; o < s.out_channels; ++o) {
          const std::size_t at[4] = {n, y, x, o};
          action(index++, at);
        }
}

template <typename T>
void forward(const ConvShape& s, Precision precision, const LayerViews& views, View out) {
  const Factor<T> in(precision, views.in.as<T>());
  const Factor<T> weight(precision, views.weight.as<T>());
  for_outputs(s, [&](std::size_t index, const std::size_t(&at)[4]) {
    double sum = views.bias.empty() ? 0.0 : static_cast<double>(views.bias.as<T>()[at[3]]);
    for_taps(s, at, [&](std::size_t i, std::size_t w) { sum += in[i] * weight[w]; });
    out.as<T>()[index] = activated(s.activation, static_cast<T>(sum));
  });
}

template <typename T>
void round_into(const std::vector<double>& sums, std::span<T> to) {
  for (std::size_t i = 0; i < to.size(); ++i) to[i] = static_cast<T>(sums[i]);
}

template <typename T>
void backward_weight(const ConvShape& s, const Factor<T>& in, const Factor<T>& d_out,
                     std::span<T> d_weight) {
  std::vector<double> sums(d_weight.size(), 0.0);
  for_outputs(s, [&](std::size_t index, const std::size_t(&at)[4]) {
    for_taps(s, at, [&](std::size_t i, std::size_t w) { sums[w] += d_out[index] * in[i]; });
  });
  round_into(sums, d_weight);
}

template <typename T>
void backward_data(const ConvShape& s, const Factor<T>& weight, const Factor<T>& d_out,
                   std::span<T> d_in) {
  std::vector<double> sums(d_in.size(), 0.0);
  for_outputs(s, [&](std::size_t index, const std::size_t(&at)[4]) {
    for_taps(s, at, [&](std::size_t i, std::size_t w) { sums[i] += d_out[index] * weight[w]; });
  });
  round_into(sums, d_in);
}

}  // namespace

void ReferenceBackend::conv_forward(const ConvShape& shape, ConstView in, ConstView weight,
                                    ConstView bias, View out) {
  const LayerViews views{in, weight, bias, out};
  CHECK(fits(shape, views));
  with_type(in.scalar(),
            [&](auto zero) { forward<decltype(zero)>(shape, precision_, views, out); });
}

void ReferenceBackend::conv_backward(const ConvShape& shape, const ConvSaved& saved,
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
