// Steps of one shape allocate nothing after the first, but for what oneDNN allocates inside a call.
// The program's operator new counts for this.

#include <atomic>
#include <cstdlib>
#include <new>

#include "tests/kernels/operands.h"
#include "tests/support/catch.h"

namespace {

std::atomic<std::size_t> allocations{0};

void* allocate(std::size_t bytes) noexcept {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return std::malloc(bytes == 0 ? 1 : bytes);
}

}  // namespace

void* operator new(std::size_t bytes) {
  void* const memory = allocate(bytes);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return allocate(bytes); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

using kernels::Activation;
using operands::Buffer;
using operands::View;

template <typename Action>
std::size_t allocations_in(Action action) {
  const std::size_t before = allocations.load();
  action();
  return allocations.load() - before;
}

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
  CHECK(allocations_in([&] {
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
  const std::size_t first = allocations_in(step);
  const std::size_t second = allocations_in(step);
  CAPTURE(first, second);
  CHECK(second < first);
  CHECK(second <= 40);  // seven executions: three primitives and the weights' changes of order
  CHECK(allocations_in(step) == second);
}
