// Every device gives what the reference gives, on one table of cases.

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "tests/kernels/agreement.h"
#include "tests/kernels/operator_cases.h"
#include "tests/support/catch.h"

namespace {

using agreement::check_agreement;
using kernels::Activation;
using operands::Backend;
using operands::ConstView;
using operands::Operands;
using operands::View;
using Views = std::span<const View>;

// in, weight, bias, d_out for a layer, with room for out, d_in, d_weight and d_bias that holds
// numbers which must not survive.
template <typename Shape>
Operands<float> layer_operands(const Shape& shape, std::size_t outputs, std::uint64_t seed) {
  runtime::Random random(seed);
  Operands<float> start;
  for (const std::size_t count :
       {shape.in_count(), shape.weight_count(), outputs, shape.out_count(), shape.out_count(),
        shape.in_count(), shape.weight_count(), outputs})
    start.push_back(operands::random_numbers<float>(count, random));
  return start;
}
enum Layer : std::size_t { kIn, kWeight, kBias, kOut, kDOut, kDIn, kDWeight, kDBias };

kernels::DenseSaved saved(Views v) { return {v[kIn], v[kWeight], v[kOut]}; }
kernels::LayerGradients gradients(Views v) { return {v[kDOut], v[kDIn], v[kDWeight], v[kDBias]}; }

// The backward pass must start from one forward result: two that differ in the last bit can differ
// in a ReLU's mask.
template <typename Shape, typename Forward>
void forward_on_reference(Operands<float>& start, const Shape& shape, Forward forward) {
  const auto reference = operands::open_reference();
  start = operands::run_on(*reference, start,
                           [&](Backend& backend, Views v) { forward(backend, shape, v); });
}

void dense_forward(Backend& backend, const kernels::DenseShape& shape, Views v) {
  backend.dense_forward(shape, v[kIn], v[kWeight], v[kBias], v[kOut]);
}

void conv_forward(Backend& backend, const kernels::ConvShape& shape, Views v) {
  backend.conv_forward(shape, v[kIn], v[kWeight], v[kBias], v[kOut]);
}

}  // namespace

TEST_CASE("dense layers agree with the reference") {
  for (const auto& [name, shape_of_case, tolerance, seed] : operator_cases::kDense) {
    const kernels::DenseShape shape = shape_of_case;
    CAPTURE(name, seed);
    Operands<float> start = layer_operands(shape, shape.outputs, seed);
    check_agreement(start, {tolerance},
                    [&](Backend& backend, Views v) { dense_forward(backend, shape, v); });
    forward_on_reference(start, shape, dense_forward);
    check_agreement(start, {tolerance}, [&](Backend& backend, Views v) {
      backend.dense_backward(shape, saved(v), gradients(v));
    });
  }
}

TEST_CASE("convolutions agree with the reference") {
  for (const auto& [name, shape_of_case, tolerance, seed] : operator_cases::kConv) {
    const kernels::ConvShape shape = shape_of_case;
    CAPTURE(name, seed);
    Operands<float> start = layer_operands(shape, shape.out_channels, seed);
    check_agreement(start, {tolerance},
                    [&](Backend& backend, Views v) { conv_forward(backend, shape, v); });
    forward_on_reference(start, shape, conv_forward);
    check_agreement(start, {tolerance}, [&](Backend& backend, Views v) {
      backend.conv_backward(shape, saved(v), gradients(v));
    });
  }
}

TEST_CASE("a convolution gives the same bits every time") {
  const kernels::ConvShape shape{7, 3, 9, 8, 6, 5, 5, 1, 2, Activation::kRelu};
  const Operands<float> start = layer_operands(shape, shape.out_channels, 22);
  const auto step = [&](Backend& backend, Views v) {
    conv_forward(backend, shape, v);
    backend.conv_backward(shape, saved(v), gradients(v));
  };
  for (const auto& device : operands::devices()) {
    CAPTURE(device->description());
    CHECK(operands::run_on(*device, start, step) == operands::run_on(*device, start, step));
  }
}

TEST_CASE("a first layer's backward pass leaves d_in alone and gives the same gradients") {
  const kernels::DenseShape dense{5, 7, 3, Activation::kRelu};
  Operands<float> start = layer_operands(dense, dense.outputs, 20);
  forward_on_reference(start, dense, dense_forward);
  check_agreement(start, {1e-6}, [&](Backend& backend, Views v) {
    backend.dense_backward(dense, saved(v), {v[kDOut], View{}, v[kDWeight], v[kDBias]});
  });
  const kernels::ConvShape conv{3, 1, 9, 9, 6, 5, 5, 1, 2, Activation::kRelu};
  start = layer_operands(conv, conv.out_channels, 21);
  forward_on_reference(start, conv, conv_forward);
  check_agreement(start, {1e-6}, [&](Backend& backend, Views v) {
    backend.conv_backward(conv, saved(v), {v[kDOut], View{}, v[kDWeight], v[kDBias]});
  });
}

TEST_CASE("pooling agrees with the reference, equals in a window included") {
  for (const auto& [name, shape_of_case, tolerance, seed] : operator_cases::kPool) {
    const kernels::PoolShape shape = shape_of_case;
    CAPTURE(name, seed);
    runtime::Random random(seed);
    enum Pool : std::size_t { kPoolIn, kPoolOut, kPoolDOut, kPoolDIn };
    Operands<float> start{operands::random_whole_numbers<float>(shape.in_count(), random),
                          operands::random_numbers<float>(shape.out_count(), random),
                          operands::random_numbers<float>(shape.out_count(), random),
                          operands::random_numbers<float>(shape.in_count(), random)};
    const auto forward = [&](Backend& backend, Views v) {
      backend.pool_forward(shape, v[kPoolIn], v[kPoolOut]);
    };
    check_agreement(start, {tolerance}, forward);
    const auto reference = operands::open_reference();
    start = operands::run_on(*reference, start, forward);
    check_agreement(start, {tolerance}, [&](Backend& backend, Views v) {
      backend.pool_backward(shape, {v[kPoolIn], v[kPoolOut]}, v[kPoolDOut], v[kPoolDIn]);
    });
  }
}

TEST_CASE("batch normalisation agrees with the reference") {
  for (const auto& [name, shape_of_case, tolerance, seed] : operator_cases::kBatchNorm) {
    const kernels::BatchNormShape shape = shape_of_case;
    CAPTURE(name, seed);
    runtime::Random random(seed);
    enum Norm : std::size_t {
      kX,
      kScale,
      kShift,
      kMean,
      kVariance,
      kY,
      kDY,
      kDX,
      kDScale,
      kDShift
    };
    Operands<float> start;
    for (const std::size_t count :
         {shape.count(), shape.channels, shape.channels, shape.channels, shape.channels,
          shape.count(), shape.count(), shape.count(), shape.channels, shape.channels})
      start.push_back(operands::random_numbers<float>(count, random));
    for (float& x : start[kX]) x = 3.0F * x + 5.0F;  // a mean far from zero
    const auto forward = [&](Backend& backend, Views v) {
      backend.batchnorm_forward(shape, v[kX], {v[kScale], v[kShift]}, {v[kMean], v[kVariance]},
                                v[kY]);
    };
    check_agreement(start, {tolerance}, forward);
    const auto reference = operands::open_reference();
    start = operands::run_on(*reference, start, forward);
    check_agreement(start, {tolerance, 1e-2}, [&](Backend& backend, Views v) {
      backend.batchnorm_apply(shape, v[kX], {v[kScale], v[kShift]}, {v[kMean], v[kVariance]},
                              v[kY]);
    });
    for (const bool first_layer : {false, true}) {
      check_agreement(start, {tolerance, 1.0}, [&](Backend& backend, Views v) {
        backend.batchnorm_backward(shape, {v[kX], v[kScale], v[kY], v[kMean], v[kVariance]},
                                   {v[kDY], first_layer ? View{} : v[kDX], v[kDScale], v[kDShift]});
      });
    }
  }
}

TEST_CASE("residual sums agree with the reference to the bit, in place too") {
  for (const std::size_t count : operator_cases::kVectorSizes) {
    for (const Activation activation : {Activation::kNone, Activation::kRelu}) {
      CAPTURE(count, activation == Activation::kRelu);
      runtime::Random random(count);
      const Operands<float> start{operands::random_numbers<float>(count, random),
                                  operands::random_numbers<float>(count, random),
                                  operands::random_numbers<float>(count, random)};
      check_agreement(start, {0.0}, [&](Backend& backend, Views v) {
        backend.add(v[0], v[1], activation, v[2]);
      });
      check_agreement(start, {0.0}, [&](Backend& backend, Views v) {
        backend.add(v[0], v[1], activation, v[1]);
      });
    }
  }
}

TEST_CASE("ReLU agrees with the reference to the bit, in place too") {
  for (const std::size_t count : operator_cases::kVectorSizes) {
    CAPTURE(count);
    runtime::Random random(count);
    const Operands<float> start{operands::random_whole_numbers<float>(count, random),
                                operands::random_numbers<float>(count, random),
                                operands::random_numbers<float>(count, random)};
    check_agreement(start, {0.0},
                    [](Backend& backend, Views v) { backend.relu_forward(v[0], v[1]); });
    check_agreement(start, {0.0},
                    [](Backend& backend, Views v) { backend.relu_backward(v[0], v[1], v[2]); });
    check_agreement(start, {0.0},
                    [](Backend& backend, Views v) { backend.relu_backward(v[0], v[1], v[1]); });
  }
}

TEST_CASE("softmax cross-entropy agrees with the reference, with and without each output") {
  for (const auto& [name, shape_of_case, tolerance, seed] : operator_cases::kSoftmax) {
    const kernels::SoftmaxShape shape = shape_of_case;
    CAPTURE(name, seed);
    runtime::Random random(seed);
    std::vector<std::int32_t> labels(shape.batch);
    for (std::int32_t& label : labels)
      label = static_cast<std::int32_t>(random.below(shape.classes));
    const std::size_t count = shape.batch * shape.classes;
    const double scale = 1.0 / static_cast<double>(shape.batch);
    Operands<float> start{operands::random_numbers<float>(count, random),
                          operands::random_numbers<float>(count, random),
                          operands::random_numbers<float>(shape.batch, random),
                          operands::random_numbers<float>(shape.batch, random)};
    for (float& logit : start[0]) logit *= 20.0F;  // some certain, some wrong
    for (const unsigned wanted : {0U, 1U, 2U, 4U, 7U}) {
      CAPTURE(wanted);
      check_agreement(start, {tolerance, scale}, [&](Backend& backend, Views v) {
        const auto device_labels = operands::buffer_of(backend, labels);
        backend.softmax_cross_entropy(
            shape, v[0], device_labels.view(),
            {(wanted & 1U) != 0 ? v[1] : View{}, (wanted & 2U) != 0 ? v[2] : View{},
             (wanted & 4U) != 0 ? v[3] : View{}});
      });
    }
  }
}

TEST_CASE("softmax cross-entropy survives logits whose exponentials overflow") {
  const Operands<float> start{{1000.0F, -1000.0F, 0.0F}, {0.0F, 0.0F, 0.0F}, {0.0F}, {0.0F}};
  check_agreement(start, {1e-6}, [](Backend& backend, Views v) {
    const auto label = operands::buffer_of(backend, std::vector<std::int32_t>{1});
    backend.softmax_cross_entropy({1, 3}, v[0], label.view(), {v[1], v[2], v[3]});
  });
}

TEMPLATE_TEST_CASE("vector algebra agrees with the reference to the bit", "", float, double) {
  for (const std::size_t count : operator_cases::kVectorSizes) {
    CAPTURE(count);
    runtime::Random random(count);
    const Operands<TestType> start{operands::random_numbers<TestType>(count, random),
                                   operands::random_numbers<TestType>(count, random)};
    check_agreement(start, {0.0}, [](Backend& backend, Views v) { backend.fill(0.3, v[1]); });
    check_agreement(start, {0.0}, [](Backend& backend, Views v) { backend.copy(v[0], v[1]); });
    check_agreement(start, {0.0}, [](Backend& backend, Views v) { backend.scale(-1.7, v[1]); });
    check_agreement(start, {0.0}, [](Backend& backend, Views v) { backend.axpy(0.1, v[0], v[1]); });
    check_agreement(start, {0.0}, [](Backend& backend, Views v) { backend.axpy(0.1, v[1], v[1]); });
    check_agreement(start, {0.0},
                    [](Backend& backend, Views v) { backend.accumulate(-0.1, 0.9, v[0], v[1]); });
    check_agreement(start, {0.0}, [](Backend& backend, Views v) {
      backend.accumulate_squares(0.1, 0.9, v[0], v[1]);
    });
    check_agreement(start, {0.0}, [](Backend& backend, Views v) {
      backend.accumulate_squares(1.0, 0.0, v[0], v[0]);  // no negative numbers from here on
      backend.divide_by_root(-0.3, 1e-4, v[0], v[1]);
    });
    check_agreement(start, {0.0},
                    [](Backend& backend, Views v) { backend.divide(v[0], 0.7, v[1]); });
    check_agreement(start, {0.0},
                    [](Backend& backend, Views v) { backend.divide(v[1], 0.7, v[1]); });
  }
}

TEMPLATE_TEST_CASE("dot products agree with the reference", "", float, double) {
  for (const std::size_t count : operator_cases::kVectorSizes) {
    CAPTURE(count);
    runtime::Random random(count);
    const Operands<TestType> start{operands::random_numbers<TestType>(count, random),
                                   operands::random_numbers<TestType>(count, random)};
    double expected = 0.0;
    double magnitude = 0.0;
    for (std::size_t i = 0; i < count; ++i) {
      const double product = static_cast<double>(start[0][i]) * static_cast<double>(start[1][i]);
      expected += product;
      magnitude += std::abs(product);
    }
    for (const auto& device : operands::devices()) {
      CAPTURE(device->description());
      double got = 0.0;
      operands::run_on(*device, start,
                       [&](Backend& backend, Views v) { got = backend.dot(v[0], v[1]); });
      CHECK(std::abs(got - expected) <= 1e-13 * magnitude);
    }
  }
}

TEST_CASE("fresh memory holds zeros, and empty memory can be asked for") {
  for (const auto& device : operands::devices()) {
    CAPTURE(device->description());
    CHECK(device->allocate(0, kernels::Scalar::kF32).count() == 0);
    auto buffer = device->allocate(1001, kernels::Scalar::kF64);
    std::vector<double> numbers(1001, 1.0);
    device->download(buffer.view(), std::span<double>(numbers));
    CHECK(std::all_of(numbers.begin(), numbers.end(), [](double x) { return x == 0.0; }));
  }
}
