// Steps of one shape allocate nothing after the first, but for what oneDNN allocates inside a call.

#include "tests/support/count_allocations.h"

#include "tests/kernels/operands.h"
#include "tests/support/catch.h"

namespace {

using kernels::Activation;
using operands::Buffer;
using operands::View;

}  // namespace

TEST_CASE("vector algebra, ReLU, pooling and softmax on a CPU allocate nothing") {
  auto opened = kernels::open_backend({.device = "cpu"});
  REQUIRE(opened);
  kernels::Backend& cpu = *opened->backend;
  const kernels::PoolShape pool{kernels::PoolKind::kMax, 2, 6, 8, 8, 2, 2};
  Buffer in = cpu.allocate(pool.in_count(), kernels::Scalar::kF32);
  Buffer d_in = cpu.allocate(pool.in_count(), kernels::Scalar::kF32);
  Buffer out = cpu.allocate(pool.out_count(), kernels::Scalar::kF32);
  Buffer labels = cpu.allocate(2, kernels::Scalar::kI32);
  const kernels::SoftmaxShape softmax{2, pool.out_count() / 2};
  CHECK(count_allocations::in([&] {
          cpu.fill(1.0, in.view());
          cpu.axpy(2.0, in.view(), d_in.view());
          cpu.relu_forward(in.view(), d_in.view());
          cpu.pool_forward(pool, in.view(), out.view());
          cpu.pool_backward(pool, {in.view(), out.view()}, out.view(), d_in.view());
          cpu.softmax_cross_entropy(softmax, out.view(), labels.view(),
                                    {d_in.view().slice(0, pool.out_count()), View{}, View{}});
        }) == 0);
}

TEST_CASE("a layer allocates for a shape once") {
  auto opened = kernels::open_backend({.device = "cpu"});
  REQUIRE(opened);
  kernels::Backend& cpu = *opened->backend;
  const kernels::ConvShape shape{2, 6, 14, 14, 16, 5, 5, 1, 0, Activation::kRelu};
  const auto buffer = [&](std::size_t count) { return cpu.allocate(count, kernels::Scalar::kF32); };
  Buffer in = buffer(shape.in_count());
  Buffer out = buffer(shape.out_count());
  Buffer weight = buffer(shape.weight_count());
  Buffer bias = buffer(shape.out_channels);
  Buffer d_in = buffer(shape.in_count());
  Buffer d_out = buffer(shape.out_count());
  const auto step = [&] {
    cpu.conv_forward(shape, in.view(), weight.view(), bias.view(), out.view());
    cpu.conv_backward(shape, {in.view(), weight.view(), out.view()},
                      {d_out.view(), d_in.view(), weight.view(), bias.view()});
  };
  const std::size_t first = count_allocations::in(step);
  const std::size_t second = count_allocations::in(step);
  CAPTURE(first, second);
  CHECK(second < first);
  CHECK(second <= 40);  // seven executions: three primitives and the weights' changes of order
  CHECK(count_allocations::in(step) == second);
}
