// Steps of one shape allocate nothing after the first, but for what oneDNN allocates inside a call.

#include "tests/support/count_allocations.h"

#include "kernels/cpu/backend.h"
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

namespace {

struct Allocations {
  std::size_t first;
  std::size_t second;
  std::size_t third;
};

// Of steps of one convolution and one dense layer.
Allocations allocations_of_steps(kernels::Backend& cpu, const kernels::ConvShape& conv) {
  const kernels::DenseShape dense{2, conv.out_count() / 2, 10};
  const auto buffer = [&](std::size_t count) { return cpu.allocate(count, kernels::Scalar::kF32); };
  Buffer in = buffer(conv.in_count());
  Buffer out = buffer(conv.out_count());
  Buffer weight = buffer(conv.weight_count());
  Buffer bias = buffer(conv.out_channels);
  Buffer d_in = buffer(conv.in_count());
  Buffer d_out = buffer(conv.out_count());
  Buffer dense_weight = buffer(dense.weight_count());
  Buffer logits = buffer(dense.out_count());
  const auto step = [&] {
    cpu.conv_forward(conv, in.view(), weight.view(), bias.view(), out.view());
    cpu.dense_forward(dense, out.view(), dense_weight.view(), {}, logits.view());
    cpu.dense_backward(dense, {out.view(), dense_weight.view(), logits.view()},
                       {logits.view(), d_out.view(), dense_weight.view(), {}});
    cpu.conv_backward(conv, {in.view(), weight.view(), out.view()},
                      {d_out.view(), d_in.view(), weight.view(), bias.view()});
  };
  const std::size_t first = count_allocations::in(step);
  const std::size_t second = count_allocations::in(step);
  return {first, second, count_allocations::in(step)};
}

}  // namespace

TEST_CASE("layers allocate for a shape once") {
  using kernels::cpu::Factors;
  for (const Factors factors : {Factors::kF32, Factors::kF32LikeBf16}) {
    kernels::cpu::CpuBackend cpu(1, factors);
    const Allocations counts =
        allocations_of_steps(cpu, {2, 6, 14, 14, 16, 5, 5, 1, 0, Activation::kRelu});
    CAPTURE(factors == Factors::kF32, counts.first, counts.second);
    CHECK(counts.second < counts.first);
    // What oneDNN allocates itself: six primitives, and where factors are copied, their copies.
    CHECK(counts.second <= (factors == Factors::kF32 ? 60U : 120U));
    CHECK(counts.third == counts.second);
  }
}

TEST_CASE("a convolution by Winograd's filtering allocates for a shape once") {
  kernels::cpu::CpuBackend cpu(1);
  const Allocations counts =
      allocations_of_steps(cpu, {7, 32, 16, 16, 32, 3, 3, 1, 1, Activation::kRelu});
  CHECK(counts.second < counts.first);
  CHECK(counts.third == counts.second);
  CHECK(counts.second <= 20);  // oneDNN itself, for the dense layer
}
