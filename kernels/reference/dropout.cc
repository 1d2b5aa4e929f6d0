#include "kernels/dropout.h"

#include "kernels/fits.h"
#include "kernels/reference/backend.h"
#include "kernels/reference/scalars.h"

namespace kernels::reference {

void ReferenceBackend::dropout(const DropoutMask& mask, ConstView key, ConstView in, View out) {
  CHECK(fits(mask, key, in, out));
  const DropoutKey of_mask(key.as<std::int32_t>().data());
  const DropoutNumbers numbers(mask);
  with_type(in.scalar(), [&](auto zero) {
    using T = decltype(zero);
    for (std::size_t i = 0; i < in.count(); ++i) {
      const bool dropped =
          dropout_bits(of_mask, static_cast<std::uint32_t>(i)) < numbers.dropped_below;
      out.as<T>()[i] = dropped ? T{0} : static_cast<T>(numbers.factor) * in.as<T>()[i];
    }
  });
}

}  // namespace kernels::reference
