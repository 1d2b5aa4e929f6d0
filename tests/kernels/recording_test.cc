// A device that records queues the same work again, on the numbers that are there by then.
#include "kernels/recording.h"

#include "tests/kernels/layers.h"
#include "tests/kernels/operands.h"
#include "tests/support/catch.h"

namespace {

using operands::Backend;
using operands::Operands;
using Views = layers::Views;

// Both passes of a layer, and vector algebra after it.
template <typename Shape>
void work(Backend& backend, const Shape& shape, Views v) {
  layers::forward(backend, shape, v);
  backend.copy(v[layers::kOut], v[layers::kDOut]);
  layers::backward(backend, shape, v);
  backend.axpy(-0.5, v[layers::kDWeight], v[layers::kWeight]);
}

// On every device: recorded on some operands, queued on others.
template <typename Shape>
void check_recorded(const Shape& shape) {
  const Operands<float> start = layers::random_operands(shape, 1);
  const Operands<float> more = layers::random_operands(shape, 2);
  for (const auto& device : operands::devices()) {
    CAPTURE(device->description());
    const Operands<float> once =
        operands::run_on(*device, more, [&](Backend& b, Views v) { work(b, shape, v); });
    bool recorded = false;
    const Operands<float> again = operands::run_on(*device, start, [&](Backend& b, Views v) {
      const auto repeat = [&] { work(b, shape, v); };
      repeat();
      const auto recording = b.record(repeat);
      recorded = recording != nullptr;
      if (!recorded) return;
      for (std::size_t i = 0; i < v.size(); ++i) b.upload(std::span<const float>(more[i]), v[i]);
      CHECK(recording->queue());
      b.synchronize();
    });
    CHECK(recorded != device->is_host());
    if (recorded) CHECK(again == once);
  }
}

}  // namespace

TEST_CASE("recorded work is done when it is queued, and as the calls would do it") {
  check_recorded(kernels::ConvShape{4, 8, 6, 6, 8, 3, 3, 1, 1, kernels::Activation::kRelu});
  check_recorded(kernels::DenseShape{7, 13, 11, kernels::Activation::kRelu});
}
