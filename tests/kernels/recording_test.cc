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

// What `act` leaves of `more` when it was recorded on `start` is what it leaves when it is called.
template <typename Action>
void check_recorded(Backend& device, const Operands<float>& start, const Operands<float>& more,
                    Action act) {
  CAPTURE(device.description());
  const Operands<float> once = operands::run_on(device, more, act);
  bool recorded = false;
  const Operands<float> again = operands::run_on(device, start, [&](Backend& b, Views v) {
    const auto repeat = [&] { act(b, v); };
    repeat();
    const auto recording = b.record(repeat);
    recorded = recording != nullptr;
    if (!recorded) return;
    for (std::size_t i = 0; i < v.size(); ++i) b.upload(std::span<const float>(more[i]), v[i]);
    CHECK(recording->queue());
    b.synchronize();
  });
  CHECK(recorded != device.is_host());
  if (recorded) CHECK(again == once);
}

template <typename Shape>
void check_layer(const Shape& shape) {
  const Operands<float> start = layers::random_operands(shape, 1);
  const Operands<float> more = layers::random_operands(shape, 2);
  for (const auto& device : operands::devices())
    check_recorded(*device, start, more, [&](Backend& b, Views v) { work(b, shape, v); });
}

}  // namespace

TEST_CASE("recorded work is done when it is queued, and as the calls would do it") {
  check_layer(kernels::ConvShape{4, 8, 6, 6, 8, 3, 3, 1, 1, kernels::Activation::kRelu});
  check_layer(kernels::DenseShape{7, 13, 11, kernels::Activation::kRelu});
}

TEST_CASE("recorded attention is done as the calls would do it, in any precision") {
  constexpr kernels::AttentionShape kShape{2, 70, 2, 16, true};
  runtime::Random random(3);
  const auto numbers = [&] {
    return Operands<float>{operands::random_numbers<float>(kShape.in_count(), random),
                           operands::random_numbers<float>(kShape.out_count(), random),
                           operands::random_numbers<float>(kShape.in_count(), random)};
  };
  const Operands<float> start = numbers();
  const Operands<float> more = numbers();
  for (const auto precision : {kernels::Precision::kF32, kernels::Precision::kBf16})
    for (const auto& device : operands::open_devices(precision))
      check_recorded(*device, start, more, [&](Backend& b, Views v) {
        b.attention_forward(kShape, v[0], v[1]);
        b.attention_backward(kShape, v[0], v[1], v[2]);
      });
}
