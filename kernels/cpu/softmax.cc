#include <algorithm>
#include <cmath>
#include <span>

#include "kernels/cpu/backend.h"
#include "kernels/cpu/f32.h"
#include "kernels/fits.h"

namespace kernels::cpu {
namespace {

// What one sample's logits come to: which is the largest, and the sum of exp(z - largest).
struct Sums {
  std::size_t largest;
  double sum;
};

Sums sums_of(std::span<const float> z) {
  const auto largest = static_cast<std::size_t>(std::max_element(z.begin(), z.end()) - z.begin());
  double sum = 0.0;
  for (const float value : z) sum += static_cast<double>(std::exp(value - z[largest]));
  return {largest, sum};
}

// The logits, weighted by how much each is asked for.
double asked(std::span<const float> z, std::size_t label, double smoothing) {
  const double at_label = (1.0 - smoothing) * static_cast<double>(z[label]);
  if (smoothing == 0.0) return at_label;
  double sum = 0.0;
  for (const float value : z) sum += static_cast<double>(value);
  return at_label + smoothing * sum / static_cast<double>(z.size());
}

}  // namespace

void CpuBackend::softmax_cross_entropy(const SoftmaxShape& shape, ConstView logits,
                                       ConstView labels, const LossOutputs& outputs) {
  CHECK(fits(shape, logits, labels, outputs));
  const float share = 1.0F / static_cast<float>(shape.batch);
  const double spread = shape.smoothing / static_cast<double>(shape.classes);
  const auto answer = [&](std::size_t n) {
    const std::int32_t stated = labels.as<std::int32_t>()[n];
    CHECK(stated >= 0 && static_cast<std::size_t>(stated) < shape.classes);
    const auto label = static_cast<std::size_t>(stated);
    const auto z = logits.as<float>().subspan(n * shape.classes, shape.classes);
    const Sums sums = sums_of(z);
    const float top = z[sums.largest];
    if (!outputs.loss.empty())
      outputs.loss.as<float>()[n] = static_cast<float>(
          std::log(sums.sum) + static_cast<double>(top) - asked(z, label, shape.smoothing));
    if (!outputs.correct.empty())
      outputs.correct.as<float>()[n] = sums.largest == label ? 1.0F : 0.0F;
    if (outputs.d_logits.empty()) return;
    const auto d = outputs.d_logits.as<float>().subspan(n * shape.classes, shape.classes);
    const auto factor = static_cast<float>(static_cast<double>(share) / sums.sum);
    const auto everywhere = static_cast<float>(static_cast<double>(share) * spread);
    for (std::size_t i = 0; i < z.size(); ++i) d[i] = factor * std::exp(z[i] - top) - everywhere;
    d[label] -= share * static_cast<float>(1.0 - shape.smoothing);
  };
  for_row_parts({shape.batch, shape.classes}, threads_, [&](const RowPart& part) {
    for (std::size_t n = part.first; n < part.first + part.count; ++n) answer(n);
  });
}

}  // namespace kernels::cpu
