#include "kernels/reference/activation.h"
#include "kernels/reference/backend.h"
#include "kernels/reference/scalars.h"

namespace kernels::reference {

void ReferenceBackend::relu_forward(ConstView in, View out) {
  CHECK(in.count() == out.count() && in.scalar() == out.scalar());
  with_type(in.scalar(), [&](auto zero) {
    using T = decltype(zero);
    for (std::size_t i = 0; i < in.count(); ++i)
      out.as<T>()[i] = activated(Activation::kRelu, in.as<T>()[i]);
  });
}

void ReferenceBackend::relu_backward(ConstView out, ConstView d_out, View d_in) {
  CHECK(out.count() == d_out.count() && out.scalar() == d_out.scalar());
  CHECK(out.count() == d_in.count() && out.scalar() == d_in.scalar());
  with_type(out.scalar(), [&](auto zero) {
    using T = decltype(zero);
    for (std::size_t i = 0; i < out.count(); ++i)
      d_in.as<T>()[i] = out.as<T>()[i] > T{0} ? d_out.as<T>()[i] : T{0};
  });
}

}  // namespace kernels::reference
