#include "kernels/cuda/backend.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/status.h"
#include "kernels/fits.h"

namespace kernels::cuda {
namespace {

float* data_or_null(View view) { return view.empty() ? nullptr : view.as<float>().data(); }

}  // namespace

void CudaBackend::softmax_cross_entropy(const SoftmaxShape& shape, ConstView logits,
                                        ConstView labels, const LossOutputs& outputs) {
  const std::size_t batch = shape.batch;
  const std::size_t classes = shape.classes;
  CHECK(fits(shape, logits, labels, outputs));
  float* const d_logits = data_or_null(outputs.d_logits);
  float* const loss = data_or_null(outputs.loss);
  float* const correct = data_or_null(outputs.correct);
  const float* const all_logits = logits.as<float>().data();
  const auto* const all_labels = labels.as<std::int32_t>().data();
  const auto samples = static_cast<double>(batch);
  const double at_label = 1.0 - shape.smoothing;
  const double spread = shape.smoothing / static_cast<double>(classes);

  CUDA_CHECK(launch(device_.stream(), batch, [=] __device__(std::size_t sample) {
    const float* const row = all_logits + sample * classes;
    const auto label = static_cast<std::size_t>(all_labels[sample]);
    if (label >= classes) __trap();  // the next call that asks the device says so
    std::size_t largest = 0;
    for (std::size_t c = 1; c < classes; ++c) {
      if (row[c] > row[largest]) largest = c;
    }
    // In f64: a sample that is learned has a probability near 1, and what is left of it after
    // subtracting is all there is to see. The top is taken off first, so that exp cannot overflow.
    const double top = row[largest];
    double sum = 0;
    double asked = at_label * row[label];  // the logits, weighted by how much each is asked for
    for (std::size_t c = 0; c < classes; ++c) {
      sum += exp(row[c] - top);
      asked += spread * row[c];
    }
    if (loss != nullptr) loss[sample] = static_cast<float>(log(sum) + top - asked);
    if (correct != nullptr) correct[sample] = largest == label ? 1 : 0;
    if (d_logits == nullptr) return;
    for (std::size_t c = 0; c < classes; ++c) {
      const double probability = exp(row[c] - top) / sum;
      const double wanted = spread + (c == label ? at_label : 0.0);
      d_logits[sample * classes + c] = static_cast<float>((probability - wanted) / samples);
    }
  }));
}

}  // namespace kernels::cuda
