// The reference's backward passes are the derivatives of its forward passes: each is held to
// central differences in f64.

#include <array>
#include <cmath>
#include <cstdint>

#include "tests/kernels/differences.h"
#include "tests/support/catch.h"

namespace {

using kernels::Activation;
using kernels::PoolKind;
using operands::Backend;
using operands::Operands;
using operands::View;
using Views = std::span<const View>;
using differences::check_gradients;
using differences::Derivative;
using differences::random_operands;
using differences::Roles;

// in, weight, bias, out, d_out, d_in, d_weight, d_bias
template <typename Shape>
Operands<double> layer_operands(const Shape& s, std::size_t outputs, std::uint64_t seed) {
  return random_operands({s.in_count(), s.weight_count(), outputs, s.out_count(), s.out_count(),
                          s.in_count(), s.weight_count(), outputs},
                         seed);
}
constexpr Roles kLayerRoles{3, 4};
constexpr std::array<Derivative, 3> kLayerDerivatives{{{0, 5}, {1, 6}, {2, 7}}};
constexpr std::array<Derivative, 1> kOnlyDerivative{{{0, 3}}};

}  // namespace

TEST_CASE("a dense layer's gradients are its derivatives") {
  std::uint64_t seed = 100;
  for (const kernels::DenseShape& shape :
       {kernels::DenseShape{1, 1, 1}, kernels::DenseShape{3, 4, 5},
        kernels::DenseShape{3, 4, 5, Activation::kRelu}}) {
    CAPTURE(++seed);
    check_gradients(
        layer_operands(shape, shape.outputs, seed), kLayerRoles, kLayerDerivatives,
        [&](Backend& b, Views v) { b.dense_forward(shape, v[0], v[1], v[2], v[3]); },
        [&](Backend& b, Views v) {
          b.dense_backward(shape, {v[0], v[1], v[3]}, {v[4], v[5], v[6], v[7]});
        });
  }
}

TEST_CASE("a convolution's gradients are its derivatives, with stride, padding and groups") {
  std::uint64_t seed = 200;
  for (const kernels::ConvShape& shape :
       {kernels::ConvShape{1, 1, 1, 1, 1}, kernels::ConvShape{2, 2, 4, 5, 3, 3, 2},
        kernels::ConvShape{2, 2, 4, 5, 3, 3, 3, 1, 1, Activation::kRelu},
        kernels::ConvShape{1, 2, 6, 7, 2, 3, 2, 2, 0},
        kernels::ConvShape{1, 2, 5, 6, 3, 3, 5, 2, 2, Activation::kRelu},
        kernels::ConvShape{2, 4, 4, 3, 6, 3, 2, 1, 1, Activation::kRelu, 2},
        kernels::ConvShape{1, 3, 5, 5, 3, 3, 3, 2, 1, Activation::kNone, 3}}) {
    CAPTURE(++seed);
    check_gradients(
        layer_operands(shape, shape.out_channels, seed), kLayerRoles, kLayerDerivatives,
        [&](Backend& b, Views v) { b.conv_forward(shape, v[0], v[1], v[2], v[3]); },
        [&](Backend& b, Views v) {
          b.conv_backward(shape, {v[0], v[1], v[3]}, {v[4], v[5], v[6], v[7]});
        });
  }
}

TEST_CASE("pooling's gradients are its derivatives") {
  std::uint64_t seed = 300;
  for (const PoolKind kind : {PoolKind::kMax, PoolKind::kAverage})
    for (const kernels::PoolShape& shape :
         {kernels::PoolShape{kind, 1, 1, 2, 2, 2, 2}, kernels::PoolShape{kind, 2, 3, 5, 4, 2, 2},
          kernels::PoolShape{kind, 1, 2, 7, 5, 3, 2}}) {
      CAPTURE(++seed);
      check_gradients(
          random_operands(
              {shape.in_count(), shape.out_count(), shape.out_count(), shape.in_count()}, seed),
          {1, 2}, kOnlyDerivative, [&](Backend& b, Views v) { b.pool_forward(shape, v[0], v[1]); },
          [&](Backend& b, Views v) {
            b.pool_backward(shape, {v[0], v[1]}, v[2], v[3]);
          });
    }
}

TEST_CASE("the largest of a window takes the gradient, the first of equals") {
  const auto reference = operands::open_reference();
  const Operands<double> end = operands::run_on<double>(
      *reference, {{1.0, 3.0, 3.0, 3.0}, {0.0}, {5.0}, {7.0, 7.0, 7.0, 7.0}},
      [](Backend& b, Views v) {
        const kernels::PoolShape shape{PoolKind::kMax, 1, 1, 2, 2, 2, 2};
        b.pool_forward(shape, v[0], v[1]);
        b.pool_backward(shape, {v[0], v[1]}, v[2], v[3]);
      });
  CHECK(end[1] == std::vector<double>{3.0});
  CHECK(end[3] == std::vector<double>{0.0, 5.0, 0.0, 0.0});
}

TEST_CASE("batch normalisation's gradients are its derivatives") {
  std::uint64_t seed = 350;
  for (const kernels::BatchNormShape& shape :
       {kernels::BatchNormShape{2, 1}, kernels::BatchNormShape{5, 3},
        kernels::BatchNormShape{7, 2, 1e-2, Activation::kRelu}}) {
    CAPTURE(++seed);
    // in, scale, shift, out, d_out, d_in, d_scale, d_shift, mean, variance
    check_gradients(
        random_operands(
            {shape.count(), shape.channels, shape.channels, shape.count(), shape.count(),
             shape.count(), shape.channels, shape.channels, shape.channels, shape.channels},
            seed),
        kLayerRoles, kLayerDerivatives,
        [&](Backend& b, Views v) {
          b.batchnorm_forward(shape, {v[0]}, {v[1], v[2]}, {v[8], v[9]}, {v[3]});
        },
        [&](Backend& b, Views v) {
          b.batchnorm_backward(shape, {v[0], v[1], v[2], v[3], v[8], v[9]},
                               {v[4], v[5], v[6], v[7]});
        });
  }
}

TEST_CASE("batch normalisation with something added is the one without, a sum and a ReLU") {
  const kernels::BatchNormShape plain{7, 2, 1e-2};
  kernels::BatchNormShape fused = plain;
  fused.activation = Activation::kRelu;
  const std::size_t n = plain.count();
  // in, added, scale, shift, mean, variance, out, d_out, d_out_more, d_in, d_scale, d_shift
  const Operands<double> start = random_operands({n, n, 2, 2, 2, 2, n, n, n, n, 2, 2}, 370);
  const auto reference = operands::open_reference();
  const Operands<double> whole = operands::run_on(*reference, start, [&](Backend& b, Views v) {
    b.batchnorm_forward(fused, {v[0], v[1]}, {v[2], v[3]}, {v[4], v[5]}, {v[6]});
    b.batchnorm_backward(fused, {v[0], v[2], v[3], v[6], v[4], v[5], true},
                         {v[7], v[9], v[10], v[11], v[8]});
  });
  const Operands<double> parts = operands::run_on(*reference, start, [&](Backend& b, Views v) {
    b.batchnorm_forward(plain, {v[0]}, {v[2], v[3]}, {v[4], v[5]}, {v[6]});
    b.add(v[6], v[1], Activation::kRelu, v[6]);
    b.axpy(1.0, v[8], v[7]);
    b.relu_backward(v[6], v[7], v[7]);
    b.batchnorm_backward(plain, {v[0], v[2], v[3], v[6], v[4], v[5]}, {v[7], v[9], v[10], v[11]});
  });
  CHECK(whole == parts);
}

TEST_CASE("a batch is normalised to mean zero and variance one, and by given moments as said") {
  const auto reference = operands::open_reference();
  const Operands<double> end = operands::run_on<double>(
      *reference, {{1.0, 3.0, 5.0, 7.0}, {2.0}, {10.0}, {0.0}, {0.0}, {0, 0, 0, 0}, {0, 0, 0, 0}},
      [](Backend& b, Views v) {
        const kernels::BatchNormShape shape{4, 1, 0.0};
        b.batchnorm_forward(shape, {v[0]}, {v[1], v[2]}, {v[3], v[4]}, {v[5]});
        b.fill(1.0, v[3]);
        b.fill(4.0, v[4]);
        b.batchnorm_apply(shape, {v[0]}, {v[1], v[2]}, {v[3], v[4]}, {v[6]});
      });
  CHECK(end[5][0] == Approx(10.0 - 6.0 / std::sqrt(5.0)));
  CHECK(end[5][3] == Approx(10.0 + 6.0 / std::sqrt(5.0)));
  CHECK(end[6] == std::vector<double>{10.0, 12.0, 14.0, 16.0});
}

TEST_CASE("ReLU's gradient is its derivative") {
  check_gradients(
      random_operands({17, 17, 17, 17}, 400), {1, 2}, kOnlyDerivative,
      [](Backend& b, Views v) { b.relu_forward(v[0], v[1]); },
      [](Backend& b, Views v) { b.relu_backward(v[1], v[2], v[3]); });
}

TEST_CASE("softmax cross-entropy's gradient is the derivative of the batch's mean loss") {
  const kernels::SoftmaxShape shape{3, 4};
  const std::vector<std::int32_t> labels{0, 3, 1};
  Operands<double> at = random_operands({12, 3, 3, 12, 3}, 500);
  at[2] = {1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0};
  const auto operation = [&](Backend& b, Views v) {
    const auto device_labels = operands::buffer_of(b, labels);
    b.softmax_cross_entropy(shape, v[0], device_labels.view(), {v[3], v[1], v[4]});
  };
  check_gradients(at, {1, 2}, kOnlyDerivative, operation, [](Backend&, Views) {});
}

TEST_CASE("a label is right where the first of the largest logits is its own") {
  const auto reference = operands::open_reference();
  const Operands<double> end = operands::run_on<double>(
      *reference, {{2.0, 2.0, 1.0, 2.0, 2.0, 1.0}, {7.0, 7.0}}, [](Backend& b, Views v) {
        const auto labels = operands::buffer_of(b, std::vector<std::int32_t>{0, 1});
        b.softmax_cross_entropy({2, 3}, v[0], labels.view(), {View{}, View{}, v[1]});
      });
  CHECK(end[1] == std::vector<double>{1.0, 0.0});
}
