#include "kernels/open_backend.h"

#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "kernels/cpu/backend.h"
#include "kernels/cpu/threads.h"
#include "kernels/cuda_module.h"
#include "kernels/reference/backend.h"
#include "runtime/cpu_set.h"

namespace kernels {
namespace {

using runtime::Error;
using runtime::Result;

constexpr std::string_view kNeedsGpu = " needs a GPU of compute capability 8.0 or later";

void add_to(std::string& notice, const std::string& more) {
  if (!notice.empty()) notice += "; ";
  notice += more;
}

Result<OpenedBackend> open_cpu(const DeviceOptions& options, std::string notice) {
  if (!cpu::can_set_threads())
    return Error{
        "device cpu: this oneDNN was built without OpenMP, so its threads cannot be set; "
        "install the OpenMP build of oneDNN"};
  auto factors = cpu::Factors::kF32;
  if (options.precision == Precision::kBf16) {
    const std::string lack = cpu::bf16_lack();
    if (lack.empty())
      factors = cpu::Factors::kBf16;
    else
      add_to(notice, lack + "; computing in f32");
  }
  if (options.precision == Precision::kTf32)
    add_to(notice, "tf32" + std::string(kNeedsGpu) + "; computing in f32");
  const std::size_t cores = runtime::usable_cores().size();
  if (options.threads > cores)
    add_to(notice, std::to_string(options.threads) + " threads wait for each other on " +
                       std::to_string(cores) + (cores == 1 ? " core" : " cores") +
                       "; no more than there are cores is faster");
  return OpenedBackend{std::make_unique<cpu::CpuBackend>(options.threads, factors),
                       std::move(notice)};
}

// A GPU that is there, and what it cannot do.
OpenedBackend opened_gpu(std::unique_ptr<Backend> gpu, Precision wanted) {
  std::string notice;
  if (gpu->precision() != wanted)
    notice = std::string(name_of(wanted)) + std::string(kNeedsGpu) + ", and this is " +
             gpu->description() + "; computing in f32";
  return {std::move(gpu), std::move(notice)};
}

Result<OpenedBackend> open_first_gpu_or_cpu(const DeviceOptions& options) {
  auto gpu = open_cuda({.device = 0, .precision = options.precision}, default_cuda_files());
  if (!gpu) return open_cpu(options, "no GPU: " + gpu.error().message + "; using the CPU");
  return opened_gpu(std::move(gpu).value(), options.precision);
}

// The N of "cuda:N".
std::optional<int> gpu_number(std::string_view device) {
  constexpr std::string_view kPrefix = "cuda:";
  if (!device.starts_with(kPrefix)) return std::nullopt;
  const std::string_view digits = device.substr(kPrefix.size());
  int number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size() || number < 0)
    return std::nullopt;
  return number;
}

Result<OpenedBackend> open_gpu(const DeviceOptions& options, int number) {
  auto gpu = open_cuda({.device = number, .precision = options.precision}, default_cuda_files());
  if (!gpu)
    return Error{"device " + options.device + ": " + gpu.error().message +
                 "; to go on without it, use device = \"cpu\""};
  return opened_gpu(std::move(gpu).value(), options.precision);
}

}  // namespace

Result<OpenedBackend> open_backend(const DeviceOptions& options) {
  CHECK(options.threads >= 1);
  if (options.device == "auto") return open_first_gpu_or_cpu(options);
  if (options.device == "cpu") return open_cpu(options, "");
  if (options.device == "reference")
    return OpenedBackend{std::make_unique<reference::ReferenceBackend>(options.precision), ""};
  if (const std::optional<int> number = gpu_number(options.device))
    return open_gpu(options, *number);
  return Error{"unknown device \"" + options.device +
               "\": expected auto, cpu, reference or cuda:N (cuda:0, cuda:1, ...)"};
}

}  // namespace kernels
