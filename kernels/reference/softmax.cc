#include <algorithm>
#include <cmath>

#include "kernels/fits.h"
#include "kernels/reference/backend.h"
#include "kernels/reference/scalars.h"

namespace kernels::reference {
namespace {

// With q = smoothing / classes, and 1 - smoothing more at the label:
// loss = log(sum exp(z)) - sum(q z);  d_logits = (softmax(z) - q) / batch
template <typename T>
void one_sample(const SoftmaxShape& shape, std::span<const T> z, std::size_t label,
                std::size_t sample, const LossOutputs& outputs) {
  const double spread = shape.smoothing / static_cast<double>(shape.classes);
  const auto q = [&](std::size_t i) { return spread + (i == label ? 1.0 - shape.smoothing : 0.0); };
  const std::size_t largest =
      static_cast<std::size_t>(std::max_element(z.begin(), z.end()) - z.begin());
  const auto top = static_cast<double>(z[largest]);  // taken off first, so that exp cannot overflow
  double sum = 0.0;
  double asked = 0.0;
  for (std::size_t i = 0; i < z.size(); ++i) {
    sum += std::exp(static_cast<double>(z[i]) - top);
    asked += q(i) * static_cast<double>(z[i]);
  }
  if (!outputs.loss.empty())
    outputs.loss.as<T>()[sample] = static_cast<T>(std::log(sum) + top - asked);
  if (!outputs.correct.empty()) outputs.correct.as<T>()[sample] = largest == label ? T{1} : T{0};
  if (outputs.d_logits.empty()) return;
  for (std::size_t i = 0; i < z.size(); ++i) {
    const double p = std::exp(static_cast<double>(z[i]) - top) / sum;
    outputs.d_logits.as<T>()[sample * z.size() + i] =
        static_cast<T>((p - q(i)) / static_cast<double>(shape.batch));
  }
}

}  // namespace

void ReferenceBackend::softmax_cross_entropy(const SoftmaxShape& shape, ConstView logits,
                                             ConstView labels, const LossOutputs& outputs) {
  CHECK(fits(shape, logits, labels, outputs));
  with_type(logits.scalar(), [&](auto zero) {
    using T = decltype(zero);
    for (std::size_t n = 0; n < shape.batch; ++n) {
      const std::int32_t label = labels.as<std::int32_t>()[n];
      CHECK(label >= 0 && static_cast<std::size_t>(label) < shape.classes);
      one_sample<T>(shape, logits.as<T>().subspan(n * shape.classes, shape.classes),
                    static_cast<std::size_t>(label), n, outputs);
    }
  });
}

}  // namespace kernels::reference
