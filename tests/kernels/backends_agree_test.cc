// Every device gives what the reference gives, on one table of cases.

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "tests/kernels/agreement.h"
#include "tests/kernels/layers.h"
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

using layers::Layer;

// Forward and backward, as the reference has them.
template <typename Table>
void check_layers(const Table& table) {
  for (const auto& [name, shape_of_case, tolerance, seed] : table) {
    const auto shape = shape_of_case;
    CAPTURE(name, seed);
    Operands<float> start = layers::random_operands(shape, seed);
    check_agreement(start, {tolerance}, [&](Backend& b, Views v) { layers::forward(b, shape, v); });
    start = layers::after_forward(*operands::open_reference(), shape, start);
    check_agreement(start, {tolerance},
                    [&](Backend& b, Views v) { layers::backward(b, shape, v); });
  }
}

}  // namespace

TEST_CASE("dense layers agree with the reference") { check_layers(operator_cases::kDense); }

TEST_CASE("convolutions agree with the reference") { check_layers(operator_cases::kConv); }

TEST_CASE("a convolution gives the same bits every time") {
  const kernels::ConvShape shape =
      GENERATE(kernels::ConvShape{7, 3, 9, 8, 6, 5, 5, 1, 2, Activation::kRelu},
               kernels::ConvShape{7, 32, 7, 9, 48, 3, 3, 1, 1});
  const Operands<float> start = layers::random_operands(shape, 22);
  const auto step = [&](Backend& backend, Views v) {
    layers::forward(backend, shape, v);
    layers::backward(backend, shape, v);
  };
  for (const auto& device : operands::devices()) {
    CAPTURE(device->description());
    CHECK(operands::run_on(*device, start, step) == operands::run_on(*device, start, step));
  }
}

TEST_CASE("a processor whose threads become others gives the bits of one that had as many") {
  const auto opened = [](std::size_t threads) {
    return std::move(kernels::open_backend({.device = "cpu", .threads = threads})->backend);
  };
  const auto changing = opened(2);
  const auto check = [&](const auto& table) {
    for (const auto& [name, shape_of_case, tolerance, seed] : table) {
      const auto shape = shape_of_case;
      CAPTURE(name);
      const Operands<float> start = layers::random_operands(shape, seed);
      const auto step = [&](Backend& backend, Views v) {
        layers::forward(backend, shape, v);
        layers::backward(backend, shape, v);
      };
      for (const std::size_t threads : {2U, 1U, 2U}) {
        const auto fixed = opened(threads);
        changing->set_threads(threads);
        CHECK(changing->description() == fixed->description());
        CHECK(operands::run_on(*changing, start, step) == operands::run_on(*fixed, start, step));
      }
    }
  };
  check(operator_cases::kDense);
  check(operator_cases::kConv);
}

TEST_CASE("a first layer's backward pass leaves d_in alone and gives the same gradients") {
  const auto gradients = [](Views v) {
    return kernels::LayerGradients{v[Layer::kDOut], View{}, v[Layer::kDWeight], v[Layer::kDBias]};
  };
  const auto saved = [](Views v) {
    return kernels::DenseSaved{v[Layer::kIn], v[Layer::kWeight], v[Layer::kOut]};
  };
  const auto reference = operands::open_reference();
  const kernels::DenseShape dense{5, 7, 3, Activation::kRelu};
  check_agreement(
      layers::after_forward(*reference, dense, layers::random_operands(dense, 20)), {1e-6},
      [&](Backend& backend, Views v) { backend.dense_backward(dense, saved(v), gradients(v)); });
  const kernels::ConvShape conv{3, 1, 9, 9, 6, 5, 5, 1, 2, Activation::kRelu};
  check_agreement(
      layers::after_forward(*reference, conv, layers::random_operands(conv, 21)), {1e-6},
      [&](Backend& backend, Views v) { backend.conv_backward(conv, saved(v), gradients(v)); });
}

TEST_CASE("a convolution's parameters may lie anywhere in a vector") {
  enum Parts : std::size_t { kImages, kParameters, kResult, kDResult, kDImages, kDParameters };
  const kernels::ConvShape shape{2, 8, 6, 5, 8, 3, 3, 1, 1, Activation::kRelu};
  const std::size_t weights = shape.weight_count();
  const std::size_t parameters = 1 + weights + shape.out_channels;  // no weight at its best address
  runtime::Random random(23);
  Operands<float> start;
  for (const std::size_t count : {shape.in_count(), parameters, shape.out_count(),
                                  shape.out_count(), shape.in_count(), parameters})
    start.push_back(operands::random_numbers<float>(count, random));
  const auto forward = [&](Backend& backend, Views v) {
    backend.conv_forward(shape, v[kImages], v[kParameters].slice(1, weights),
                         v[kParameters].slice(1 + weights, shape.out_channels), v[kResult]);
  };
  check_agreement(start, {2e-6}, forward);
  start = operands::run_on(*operands::open_reference(), start, forward);
  check_agreement(start, {2e-6}, [&](Backend& backend, Views v) {
    backend.conv_backward(shape, {v[kImages], v[kParameters].slice(1, weights), v[kResult]},
                          {.d_out = v[kDResult],
                           .d_in = v[kDImages],
                           .d_weight = v[kDParameters].slice(1, weights),
                           .d_bias = v[kDParameters].slice(1 + weights, shape.out_channels)});
    backend.fill(0.0, v[kDResult]);
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

namespace {

enum Norm : std::size_t {
  kX,
  kAdded,
  kScale,
  kShift,
  kMean,
  kVariance,
  kY,
  kDY,
  kDYMore,
  kDX,
  kDScale,
  kDShift
};

Operands<float> norm_operands(const kernels::BatchNormShape& shape, std::uint64_t seed) {
  runtime::Random random(seed);
  Operands<float> start;
  for (const std::size_t count : {shape.count(), shape.count(), shape.channels, shape.channels,
                                  shape.channels, shape.channels, shape.count(), shape.count(),
                                  shape.count(), shape.count(), shape.channels, shape.channels})
    start.push_back(operands::random_numbers<float>(count, random));
  for (float& x : start[kX]) x = 3.0F * x + 5.0F;  // a mean far from zero
  return start;
}

struct NormParts {
  bool added = false;        // something is added to what is normalised
  bool more = false;         // d_out comes in two parts
  bool first_layer = false;  // nobody asks for d_in
};

void norm_backward(Backend& backend, const kernels::BatchNormShape& shape, const NormParts& parts,
                   Views v) {
  backend.batchnorm_backward(
      shape, {v[kX], v[kScale], v[kShift], v[kY], v[kMean], v[kVariance], parts.added},
      {v[kDY], parts.first_layer ? View{} : v[kDX], v[kDScale], v[kDShift],
       parts.more ? ConstView{v[kDYMore]} : ConstView{}});
  if (!parts.added) backend.fill(0.0, v[kDY]);  // scratch
}

void norm_backward_in_place(Backend& backend, const kernels::BatchNormShape& shape, Views v) {
  backend.batchnorm_backward(shape,
                             {v[kX], v[kScale], v[kShift], v[kY], v[kMean], v[kVariance], false},
                             {v[kDY], v[kDY], v[kDScale], v[kDShift]});
}

}  // namespace

TEST_CASE("batch normalisation agrees with the reference") {
  for (const auto& [name, shape_of_case, tolerance, seed] : operator_cases::kBatchNorm) {
    for (const bool added : {false, true}) {
      const kernels::BatchNormShape shape = shape_of_case;
      CAPTURE(name, seed, added);
      Operands<float> start = norm_operands(shape, seed);
      const auto inputs = [&](Views v) {
        return kernels::BatchNormInputs{v[kX], added ? ConstView{v[kAdded]} : ConstView{}};
      };
      const auto forward = [&](Backend& backend, Views v) {
        backend.batchnorm_forward(shape, inputs(v), {v[kScale], v[kShift]},
                                  {v[kMean], v[kVariance]}, {v[kY]});
      };
      check_agreement(start, {tolerance}, forward);
      const auto reference = operands::open_reference();
      start = operands::run_on(*reference, start, forward);
      check_agreement(start, {tolerance, 1e-2}, [&](Backend& backend, Views v) {
        backend.batchnorm_apply(shape, inputs(v), {v[kScale], v[kShift]}, {v[kMean], v[kVariance]},
                                {v[kY]});
      });
      for (const NormParts& parts : {NormParts{added, false, false}, NormParts{added, true, false},
                                     NormParts{added, false, true}, NormParts{added, true, true}})
        check_agreement(start, {tolerance, 1.0}, [&](Backend& backend, Views v) {
          norm_backward(backend, shape, parts, v);
        });
      if (!added)
        check_agreement(start, {tolerance, 1.0}, [&](Backend& backend, Views v) {
          norm_backward_in_place(backend, shape, v);
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
    check_agreement(start, {0.0}, [](Backend& backend, Views v) {
      backend.weighted_sum(0.3, v[0], 0.7, v[1], v[1]);
    });
    check_agreement(start, {0.0}, [](Backend& backend, Views v) {
      backend.weighted_sum(0.3, v[0], 1.0, v[1], v[0]);
    });
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
