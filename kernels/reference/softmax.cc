#include <algorithm>
#include <cmath>

#include "kernels/fits.h"
#include "kernels/reference/backend.h"
#include "kernels/reference/scalars.h"

namespace kernels::reference {
namespace {

// loss = log(sum exp(z)) - z[label];  d_logits = (softmax(z) - onehot(label)) / batch
template <typename T>
void one_sample(std::span<const T> z, std::size_t label, std::size_t sample, std::size_t batch,
                const LossOutputs& outputs) {
  const std::size_t largest =
      static_cast<std::size_t>(std::max_element(z.begin(), z.end()) - z.begin());
  const auto top = static_cast<double>(z[largest]);  // taken off first, so that exp cannot overflow
  double sum = 0.0;
  for (const T value : z) sum += std::exp(static_cast<double>(value) - top);
  if (!outputs.loss.empty())
    outputs.loss.as<T>()[sample] =
        static_cast<T>(std::log(sum) + top - static_cast<double>(z[label]));
  if (!outputs.correct.empty()) outputs.correct.as<T>()[sample] = largest == label ? T{1} : T{0};
  if (outputs.d_logits.empty()) return;
  for (std::size_t i = 0; i < z.size(); ++i) {
    const double p = std::exp(static_cast<double>(z[i]) - top) / sum;
    outputs.d_logits.as<T>()[sample * z.size() + i] =
        static_cast<T>((p - (i == label ? 1.0 : 0.0)) / static_cast<double>(batch));
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
      one_sample<T>(logits.as<T>().subspan(n * shape.classes, shape.classes),
                    static_cast<std::size_t>(label), n, shape.batch, outputs);
    }
  });
}

}  // namespace kernels::reference
