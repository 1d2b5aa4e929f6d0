#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "kernels/backend.h"
#include "runtime/result.h"

namespace kernels {

struct DeviceOptions {
  std::string device = "auto";  // auto | cpu | reference | cuda:0 ...
  std::size_t threads = 1;      // compute threads on a CPU, at least 1
  Precision precision = Precision::kF32;
};

// What open_backend found. `notice` says, for a person, why "auto" did not take a GPU, why the
// device does not compute in what was asked for (backend->precision() is f32 then), and that a CPU
// has fewer cores than threads are asked for; empty when there is nothing to say.
struct OpenedBackend {
  std::unique_ptr<Backend> backend;
  std::string notice;
};

// Opens a device. "auto" takes the first GPU that answers, else the CPU; a device asked for by name
// is that or an Error. bf16 is what the device does fast, else f32: CPUs with AVX-512 bf16 or AMX
// (as oneDNN finds them at run time), GPUs from compute capability 8.0; tf32 those GPUs only;
// "reference" does both slowly anywhere. CUDA is a module beside the program, loaded only when a
// driver is there: linking it in would cost every CPU peer about 90 ms and 210 MiB.
[[nodiscard]] runtime::Result<OpenedBackend> open_backend(const DeviceOptions& options);

}  // namespace kernels
