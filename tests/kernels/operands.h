#pragma once
// Runs one operator on any backend, with operands given and brought back as plain numbers.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kernels/backend.h"
#include "kernels/dropout.h"
#include "kernels/open_backend.h"
#include "runtime/random.h"
#include "tests/support/late_gpu.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

namespace operands {

using kernels::Backend;
using kernels::Buffer;
using kernels::ConstView;
using kernels::View;

// Numbers in [-1, 1).
template <typename T>
std::vector<T> random_numbers(std::size_t count, runtime::Random& random) {
  std::vector<T> numbers(count);
  for (T& number : numbers) number = static_cast<T>(random.uniform(-1.0, 1.0));
  return numbers;
}

// Whole numbers from -2 to 2, so that equals turn up.
template <typename T>
std::vector<T> random_whole_numbers(std::size_t count, runtime::Random& random) {
  std::vector<T> numbers(count);
  for (T& number : numbers) number = static_cast<T>(random.below(5)) - T{2};
  return numbers;
}

// What an operator works on, f32 or f64.
template <typename T>
using Operands = std::vector<std::vector<T>>;

template <typename T>
Buffer buffer_of(Backend& backend, const std::vector<T>& numbers) {
  Buffer buffer = backend.allocate(numbers.size(), kernels::kScalarOf<T>);
  backend.upload(std::span<const T>(numbers), buffer.view());
  return buffer;
}

// Hands `action` a view of each operand on the device; returns what the operands are afterwards.
template <typename T, typename Action>
Operands<T> run_on(Backend& backend, const Operands<T>& start, Action action) {
  std::vector<Buffer> buffers;
  std::vector<View> views;
  for (const std::vector<T>& numbers : start) buffers.push_back(buffer_of(backend, numbers));
  for (Buffer& buffer : buffers) views.push_back(buffer.view());
  action(backend, std::span<const View>(views));
  Operands<T> end = start;
  for (std::size_t i = 0; i < end.size(); ++i) backend.download(views[i], std::span<T>(end[i]));
  return end;
}

// What a device drops by (kernels/dropout.h).
inline Buffer dropout_key_on(Backend& backend, std::uint64_t key) {
  const auto numbers = kernels::dropout_key(key);
  return buffer_of(backend, std::vector<std::int32_t>(numbers.begin(), numbers.end()));
}

inline std::unique_ptr<Backend> open_reference(
    kernels::Precision precision = kernels::Precision::kF32) {
  auto opened = kernels::open_backend({.device = "reference", .precision = precision});
  REQUIRE(opened);
  return std::move(opened->backend);
}

using Devices = std::vector<std::unique_ptr<Backend>>;

// Every device but the reference that this machine has and that computes in `precision`, saying
// which it has not; and the GPU that no machine has.
inline Devices open_devices(kernels::Precision precision) {
  Devices found;
  for (const kernels::DeviceOptions& options :
       {kernels::DeviceOptions{"cpu", 1, precision}, kernels::DeviceOptions{"cpu", 2, precision},
        kernels::DeviceOptions{"cuda:0", 1, precision}}) {
    auto device = kernels::open_backend(options);
    if (!device)
      WARN("skipped: " << device.error().message);
    else if (device->backend->precision() != precision)
      WARN("skipped: " << name_of(precision) << " on " << options.device << " with "
                       << options.threads << " threads: " << device->notice);
    else
      found.push_back(std::move(device->backend));
  }
  found.push_back(test::late_gpu(precision));
  return found;
}

// Those of f32; opened once.
inline const Devices& devices() {
  // Never destroyed: a GPU's runtime may be gone before the statics are.
  static const auto& opened = *new Devices(open_devices(kernels::Precision::kF32));
  REQUIRE_FALSE(opened.empty());
  return opened;
}

}  // namespace operands
