#include <cmath>
#include <vector>

#include "kernels/fits.h"
#include "kernels/reference/backend.h"
#include "kernels/reference/scalars.h"

namespace kernels::reference {
namespace {

// One row less its mean, divided by its deviation.
template <typename T>
class Normalised {
 public:
  Normalised(const LayerNormShape& s, std::span<const T> row) : row_(row) {
    const auto columns = static_cast<double>(s.columns);
    for (const T x : row) mean_ += static_cast<double>(x) / columns;
    double variance = 0.0;
    for (const T x : row) {
      const double distance = static_cast<double>(x) - mean_;
      variance += distance * distance / columns;
    }
    deviation_ = std::sqrt(variance + s.epsilon);
  }
  [[nodiscard]] double deviation() const { return deviation_; }
  [[nodiscard]] double at(std::size_t column) const {
    return (static_cast<double>(row_[column]) - mean_) / deviation_;
  }

 private:
  std::span<const T> row_;
  double mean_ = 0.0;
  double deviation_ = 0.0;
};

// With h the normalised row and g = scale d_out:
// d_in = (g - mean of g - h mean of (g h)) / deviation
template <typename T>
void backward_row(std::span<const T> scale, const Normalised<T>& h, std::span<const T> d_out,
                  std::span<T> d_in) {
  const auto columns = static_cast<double>(d_out.size());
  const auto g = [&](std::size_t i) {
    return static_cast<double>(scale[i]) * static_cast<double>(d_out[i]);
  };
  double mean = 0.0;
  double product = 0.0;
  for (std::size_t i = 0; i < d_out.size(); ++i) {
    mean += g(i) / columns;
    product += g(i) * h.at(i) / columns;
  }
  for (std::size_t i = 0; i < d_out.size(); ++i)
    d_in[i] = static_cast<T>((g(i) - mean - h.at(i) * product) / h.deviation());
}

template <typename T>
void backward(const LayerNormShape& s, const LayerNormSaved& saved,
              const LayerGradients& gradients) {
  std::vector<double> d_scale(s.columns, 0.0);
  std::vector<double> d_shift(s.columns, 0.0);
  for (std::size_t begin = 0; begin < s.count(); begin += s.columns) {
    const auto d_out = std::span<const T>(gradients.d_out.as<T>()).subspan(begin, s.columns);
    const Normalised<T> h(s, saved.in.as<T>().subspan(begin, s.columns));
    for (std::size_t i = 0; i < s.columns; ++i) {
      d_scale[i] += static_cast<double>(d_out[i]) * h.at(i);
      d_shift[i] += static_cast<double>(d_out[i]);
    }
    if (!gradients.d_in.empty())
      backward_row<T>(saved.scale.as<T>(), h, d_out,
                      gradients.d_in.as<T>().subspan(begin, s.columns));
  }
  for (std::size_t i = 0; i < s.columns; ++i) {
    gradients.d_weight.as<T>()[i] = static_cast<T>(d_scale[i]);
    gradients.d_bias.as<T>()[i] = static_cast<T>(d_shift[i]);
  }
}

}  // namespace

void ReferenceBackend::layernorm_forward(const LayerNormShape& shape, ConstView in,
                                         const LayerNormParameters& parameters, View out) {
  CHECK(fits(shape, in, parameters, out));
  with_type(in.scalar(), [&](auto zero) {
    using T = decltype(zero);
    for (std::size_t begin = 0; begin < shape.count(); begin += shape.columns) {
      const Normalised<T> h(shape, in.as<T>().subspan(begin, shape.columns));
      for (std::size_t i = 0; i < shape.columns; ++i)
        out.as<T>()[begin + i] =
            static_cast<T>(static_cast<double>(parameters.scale.as<T>()[i]) * h.at(i) +
                           static_cast<double>(parameters.shift.as<T>()[i]));
    }
  });
}

void ReferenceBackend::layernorm_backward(const LayerNormShape& shape, const LayerNormSaved& saved,
                                          const LayerGradients& gradients) {
  CHECK(fits(shape, saved, gradients));
  with_type(saved.in.scalar(),
            [&](auto zero) { backward<decltype(zero)>(shape, saved, gradients); });
}

}  // namespace kernels::reference
