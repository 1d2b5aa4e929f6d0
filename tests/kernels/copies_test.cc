// Copies beside what a device computes: on the GPU that does all as late as it may, so that what
// is not waited for shows.

#include <thread>
#include <vector>

#include "tests/kernels/operands.h"
#include "tests/support/late_gpu.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

namespace {

using kernels::Scalar;

constexpr std::size_t kCount = 100;

// All that tests of kernels know, and the GPU that is late in another way (tests/late_gpu/blas.cc).
operands::Devices devices() {
  operands::Devices all = operands::open_devices(kernels::Precision::kF32);
  all.push_back(test::late_gpu());
  return all;
}

struct HostNumbers {
  explicit HostNumbers(kernels::Backend& device, float value = 0.0F)
      : memory(device.host_memory(kCount * sizeof(float))),
        view(memory.get(), kCount, Scalar::kF32) {
    std::ranges::fill(view.as<float>(), value);
  }
  [[nodiscard]] bool all(float value) const {
    return std::ranges::all_of(view.as<float>(), [value](float x) { return x == value; });
  }

  kernels::HostBytes memory;
  kernels::View view;
};

}  // namespace

TEST_CASE("what is copied out is what a device held when the copy began") {
  for (const auto& device : devices()) {
    CAPTURE(device->description());
    kernels::Buffer x = device->allocate(kCount, Scalar::kF32);
    const HostNumbers first(*device);
    const HostNumbers second(*device);
    device->fill(1.0, x.view());
    const auto copy = device->copy_out(x.view(), first.view);
    device->fill(2.0, x.view());
    const auto next = device->copy_out(x.view(), second.view);
    device->fill(3.0, x.view());
    device->synchronize();
    next->wait();
    copy->wait();
    CHECK(first.all(1.0F));
    CHECK(second.all(2.0F));
  }
}

TEST_CASE("what is copied in comes after what was queued before, and before what joins it") {
  for (const auto& device : devices()) {
    CAPTURE(device->description());
    kernels::Buffer x = device->allocate(kCount, Scalar::kF32);
    kernels::Buffer before = device->allocate(kCount, Scalar::kF32);
    kernels::Buffer after = device->allocate(kCount, Scalar::kF32);
    HostNumbers host(*device, 2.0F);
    device->fill(1.0, x.view());
    device->copy(x.view(), before.view());
    const auto copy = device->copy_in(host.view, x.view());
    copy->join();
    device->copy(x.view(), after.view());
    copy->wait();
    std::ranges::fill(host.view.as<float>(), 9.0F);  // the host's again
    std::vector<float> got(kCount);
    device->download(before.view(), std::span(got));
    CHECK(std::ranges::count(got, 1.0F) == kCount);
    device->download(after.view(), std::span(got));
    CHECK(std::ranges::count(got, 2.0F) == kCount);
  }
}

// Frames on their way to others keep such memory; the last to hold one may be ZeroMQ's own thread.
TEST_CASE("what a device copies to may be given back by a thread that never used the device") {
  for (const auto& device : devices()) {
    CAPTURE(device->description());
    kernels::Buffer x = device->allocate(kCount, Scalar::kF32);
    HostNumbers numbers(*device);
    device->fill(1.0, x.view());
    device->copy_out(x.view(), numbers.view)->wait();
    CHECK(numbers.all(1.0F));
    std::thread([&] { numbers.memory.reset(); }).join();
    CHECK(numbers.memory == nullptr);
  }
}
