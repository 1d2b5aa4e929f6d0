// Where a backend takes views of bf16, they change nothing: what it reads from them and writes to
// them is what it would have rounded anyway, to the bit.

#include <bit>
#include <cstdint>

#include "kernels/precision.h"
#include "tests/kernels/layers.h"
#include "tests/kernels/operator_cases.h"
#include "tests/support/catch.h"

namespace {

using kernels::ConstView;
using operands::Backend;
using operands::Operands;
using operands::View;
using Views = std::span<const View>;

std::vector<std::uint16_t> bits_of(const std::vector<float>& numbers) {
  std::vector<std::uint16_t> bits;
  for (const float x : numbers)
    bits.push_back(
        static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(kernels::nearest_bf16(x)) >> 16U));
  return bits;
}

std::vector<std::uint16_t> downloaded(Backend& backend, ConstView view) {
  std::vector<std::uint16_t> bits(view.count());
  backend.download(view, std::span(bits));
  return bits;
}

// Calls action(device) for every device that takes views of bf16.
template <typename Action>
void for_devices(Action action) {
  for (const auto& device : operands::open_devices(kernels::Precision::kBf16)) {
    CAPTURE(device->description());
    if (device->takes_rounded()) action(*device);
  }
}

// A convolution that only reads its gradient as a factor.
kernels::ConvShape plain(kernels::ConvShape shape) {
  shape.activation = kernels::Activation::kNone;
  return shape;
}

}  // namespace

TEST_CASE("a convolution of rounded numbers is the one of those that round to them") {
  using layers::Layer;
  for (const auto& each : operator_cases::kConv) {
    CAPTURE(each.name, each.seed);
    const kernels::ConvShape shape = plain(each.shape);
    const Operands<float> start = layers::random_operands(shape, each.seed);
    const auto pass = [&](Backend& b, Views v, ConstView in, View d_out) {
      b.conv_forward(shape, in, v[Layer::kWeight], v[Layer::kBias], v[Layer::kOut]);
      b.conv_backward(shape, {in, v[Layer::kWeight], v[Layer::kOut]},
                      {d_out, v[Layer::kDIn], v[Layer::kDWeight], View{}});
    };
    for_devices([&](Backend& device) {
      const Operands<float> expected = operands::run_on(
          device, start, [&](Backend& b, Views v) { pass(b, v, v[Layer::kIn], v[Layer::kDOut]); });
      const Operands<float> got = operands::run_on(device, start, [&](Backend& b, Views v) {
        const auto in = operands::buffer_of(b, bits_of(start[Layer::kIn]));
        auto d_out = operands::buffer_of(b, bits_of(start[Layer::kDOut]));
        pass(b, v, in.view(), d_out.view());
      });
      for (const std::size_t i : {Layer::kOut, Layer::kDIn, Layer::kDWeight})
        CHECK(got[i] == expected[i]);
    });
  }
}

TEST_CASE("a dense layer reads and writes what rounds to the same") {
  using layers::Layer;
  for (const auto& each : operator_cases::kDense) {
    CAPTURE(each.name, each.seed);
    const Operands<float> start = layers::random_operands(each.shape, each.seed);
    const auto pass = [&](Backend& b, Views v, ConstView in, View out, View d_in) {
      b.dense_forward(each.shape, in, v[Layer::kWeight], v[Layer::kBias], out);
      b.dense_backward(each.shape, {in, v[Layer::kWeight], out},
                       {v[Layer::kDOut], d_in, v[Layer::kDWeight], v[Layer::kDBias]});
    };
    for_devices([&](Backend& device) {
      const Operands<float> expected = operands::run_on(device, start, [&](Backend& b, Views v) {
        pass(b, v, v[Layer::kIn], v[Layer::kOut], v[Layer::kDIn]);
      });
      kernels::Buffer out = device.allocate(each.shape.out_count(), kernels::Scalar::kBf16);
      kernels::Buffer d_in = device.allocate(each.shape.in_count(), kernels::Scalar::kBf16);
      const Operands<float> got = operands::run_on(device, start, [&](Backend& b, Views v) {
        const auto in = operands::buffer_of(b, bits_of(start[Layer::kIn]));
        pass(b, v, in.view(), out.view(), d_in.view());
      });
      CHECK(downloaded(device, out.view()) == bits_of(expected[Layer::kOut]));
      CHECK(downloaded(device, d_in.view()) == bits_of(expected[Layer::kDIn]));
      for (const std::size_t i : {Layer::kDWeight, Layer::kDBias}) CHECK(got[i] == expected[i]);
    });
  }
}

TEST_CASE("a dense layer multiplies by weights rounded beside it as by those it rounds itself") {
  using layers::Layer;
  for (const auto& each : operator_cases::kDense) {
    CAPTURE(each.name, each.seed);
    const Operands<float> start = layers::random_operands(each.shape, each.seed);
    for_devices([&](Backend& device) {
      const auto pass = [&](Views v, ConstView weight) {
        device.dense_forward(each.shape, v[Layer::kIn], weight, v[Layer::kBias], v[Layer::kOut]);
        device.dense_backward(each.shape, {v[Layer::kIn], weight, v[Layer::kOut]},
                              layers::gradients(v));
      };
      const Operands<float> expected = operands::run_on(
          device, start, [&](Backend& /*b*/, Views v) { pass(v, v[Layer::kWeight]); });
      kernels::Buffer rounded = device.allocate(each.shape.weight_count(), kernels::Scalar::kBf16);
      const Operands<float> got = operands::run_on(device, start, [&](Backend& b, Views v) {
        const ConstView weight = v[Layer::kWeight];
        b.round(weight, rounded.view());
        pass(v, weight.beside(rounded.view()));
      });
      CHECK(downloaded(device, rounded.view()) == bits_of(start[Layer::kWeight]));
      for (const std::size_t i : {Layer::kOut, Layer::kDIn, Layer::kDWeight})
        CHECK(got[i] == expected[i]);
    });
  }
}

TEST_CASE("a part of a view has the same part rounded beside it") {
  const std::vector<float> numbers{1.0F, 2.0F, 3.0F, 4.0F};
  const std::vector<std::uint16_t> rounded = bits_of(numbers);
  const ConstView plain = std::span<const float>(numbers);
  CHECK(plain.rounded().empty());
  CHECK(plain.slice(1, 2).rounded().empty());
  const ConstView part = plain.beside(std::span<const std::uint16_t>(rounded)).slice(1, 2);
  CHECK(part.as<float>()[0] == 2.0F);
  CHECK(part.rounded().count() == 2);
  CHECK(part.rounded().as<std::uint16_t>().data() == &rounded[1]);
}

TEST_CASE("batch normalisation rounds what it would have written, and reads signs from that") {
  for (const auto& each : operator_cases::kBatchNorm) {
    for (const bool added : {false, true}) {
      CAPTURE(each.name, each.seed, added);
      const kernels::BatchNormShape shape = each.shape;
      const std::size_t n = shape.count();
      const std::size_t c = shape.channels;
      runtime::Random random(each.seed);
      // in, added, scale, shift, mean, variance, out, d_out, d_in, d_scale, d_shift
      Operands<float> start;
      for (const std::size_t count : {n, n, c, c, c, c, n, n, n, c, c})
        start.push_back(operands::random_numbers<float>(count, random));
      for_devices([&](Backend& device) {
        kernels::Buffer rounded = device.allocate(n, kernels::Scalar::kBf16);
        kernels::Buffer alone = device.allocate(n, kernels::Scalar::kBf16);
        kernels::Buffer d_in = device.allocate(n, kernels::Scalar::kBf16);
        const auto forward = [&](Views v, const kernels::BatchNormOutputs& outputs) {
          device.batchnorm_forward(shape, {v[0], added ? ConstView{v[1]} : ConstView{}},
                                   {v[2], v[3]}, {v[4], v[5]}, outputs);
        };
        const auto backward = [&](Views v, ConstView out, View to) {
          device.batchnorm_backward(shape, {v[0], v[2], v[3], out, v[4], v[5], added},
                                    {v[7], to, v[9], v[10]});
        };
        const Operands<float> expected =
            operands::run_on(device, start, [&](Backend& /*b*/, Views v) {
              forward(v, {v[6]});
              backward(v, v[6], v[8]);
            });
        const Operands<float> got = operands::run_on(device, start, [&](Backend& b, Views v) {
          forward(v, {View{}, alone.view()});
          forward(v, {v[6], rounded.view()});
          backward(v, rounded.view(), d_in.view());
          b.fill(0.0, v[8]);
        });
        for (const std::size_t i : {4U, 5U, 6U, 7U, 9U, 10U}) CHECK(got[i] == expected[i]);
        CHECK(downloaded(device, rounded.view()) == bits_of(expected[6]));
        CHECK(downloaded(device, alone.view()) == bits_of(expected[6]));
        CHECK(downloaded(device, d_in.view()) == bits_of(expected[8]));
      });
    }
  }
}

TEST_CASE("what is no number stays none as bf16") {
  for_devices([&](Backend& device) {
    const float none = std::bit_cast<float>(0x7FC00001U);
    const Operands<float> start{{none, 1.0F}, {1.0F}, {0.0F}, {0.0F}, {1.0F}};
    kernels::Buffer rounded = device.allocate(2, kernels::Scalar::kBf16);
    static_cast<void>(operands::run_on(device, start, [&](Backend& b, Views v) {
      b.batchnorm_apply({.rows = 2, .channels = 1}, {v[0]}, {v[1], v[2]}, {v[3], v[4]},
                        {View{}, rounded.view()});
    }));
    const std::uint16_t bits = downloaded(device, rounded.view())[0];
    CHECK(((bits & 0x7F80U) == 0x7F80U && (bits & 0x7FU) != 0));
  });
}
