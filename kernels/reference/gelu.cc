#include <cmath>
#include <numbers>

#include "kernels/reference/backend.h"
#include "kernels/reference/scalars.h"

namespace kernels::reference {
namespace {

// P(X <= x) of a normal X. By erfc: 1 + erf(x) would lose the small numbers on the left.
double share_below(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

double density(double x) {
  return std::exp(-0.5 * x * x) * std::numbers::inv_sqrtpi / std::numbers::sqrt2;
}

}  // namespace

void ReferenceBackend::gelu_forward(ConstView in, View out) {
  CHECK(in.count() == out.count() && in.scalar() == out.scalar());
  with_type(in.scalar(), [&](auto zero) {
    using T = decltype(zero);
    for (std::size_t i = 0; i < in.count(); ++i) {
      const auto x = static_cast<double>(in.as<T>()[i]);
      out.as<T>()[i] = static_cast<T>(x * share_below(x));
    }
  });
}

void ReferenceBackend::gelu_backward(ConstView in, ConstView d_out, View d_in) {
  CHECK(in.count() == d_out.count() && in.scalar() == d_out.scalar());
  CHECK(in.count() == d_in.count() && in.scalar() == d_in.scalar());
  with_type(in.scalar(), [&](auto zero) {
    using T = decltype(zero);
    for (std::size_t i = 0; i < in.count(); ++i) {
      const auto x = static_cast<double>(in.as<T>()[i]);
      const double slope = share_below(x) + x * density(x);
      d_in.as<T>()[i] = static_cast<T>(static_cast<double>(d_out.as<T>()[i]) * slope);
    }
  });
}

}  // namespace kernels::reference
