#include "kernels/open_backend.h"

#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "kernels/cpu/backend.h"
#include "kernels/cpu/threads.h"
#include "kernels/cuda_module.h"
#include "kernels/reference/backend.h"

namespace kernels {
namespace {

using runtime::Error;
using runtime::Result;

Result<OpenedBackend> open_cpu(std::size_t threads, std::string notice) {
  if (!cpu::can_set_threads())
    return Error{
        "device cpu: this oneDNN was built without OpenMP, so its threads cannot be set; "
        "install the OpenMP build of oneDNN"};
  return OpenedBackend{std::make_unique<cpu::CpuBackend>(threads), std::move(notice)};
}

Result<OpenedBackend> open_first_gpu_or_cpu(std::size_t threads) {
  auto gpu = open_cuda(0, default_cuda_files());
  if (!gpu) return open_cpu(threads, "no GPU: " + gpu.error().message + "; using the CPU");
  return OpenedBackend{std::move(gpu).value(), ""};
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

Result<OpenedBackend> open_gpu(const std::string& device, int number) {
  auto gpu = open_cuda(number, default_cuda_files());
  if (!gpu)
    return Error{"device " + device + ": " + gpu.error().message +
                 "; to go on without it, use device = \"cpu\""};
  return OpenedBackend{std::move(gpu).value(), ""};
}

}  // namespace

Result<OpenedBackend> open_backend(const DeviceOptions& options) {
  CHECK(options.threads >= 1);
  if (options.device == "auto") return open_first_gpu_or_cpu(options.threads);
  if (options.device == "cpu") return open_cpu(options.threads, "");
  if (options.device == "reference")
    return OpenedBackend{std::make_unique<reference::ReferenceBackend>(), ""};
  if (const std::optional<int> number = gpu_number(options.device))
    return open_gpu(options.device, *number);
  return Error{"unknown device \"" + options.device +
               "\": expected auto, cpu, reference or cuda:N (cuda:0, cuda:1, ...)"};
}

}  // namespace kernels
