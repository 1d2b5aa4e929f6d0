#include "kernels/cuda_module.h"

#include <dlfcn.h>

#include <array>
#include <system_error>

namespace kernels {
namespace {

constexpr const char* kModule = "libmurmur_cuda.so";

std::string last_loading_error() {
  const char* text = dlerror();  // NOLINT(concurrency-mt-unsafe): of the thread, in glibc
  return text == nullptr ? "no reason given" : text;
}

// Empty where no folder has the module.
std::filesystem::path find_module(const CudaFiles& files) {
  for (const std::filesystem::path& folder : files.folders) {
    std::error_code ignored;  // a folder that cannot be read does not have it
    if (std::filesystem::exists(folder / kModule, ignored)) return folder / kModule;
  }
  return {};
}

runtime::Error not_found(const CudaFiles& files) {
  std::string message = std::string("no CUDA module (") + kModule + ") in";
  for (const std::filesystem::path& folder : files.folders)
    message.append(" ").append(folder.string());
  return {message + "; build with -DMURMUR_CUDA=ON"};
}

}  // namespace

CudaFiles default_cuda_files() {
  CudaFiles files;
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return files;
  const std::filesystem::path folder = program.parent_path();
  files.folders = {folder, folder.parent_path() / "lib" / "murmur",
                   folder.parent_path() / MURMUR_LIBRARY_FOLDER / "murmur"};
  return files;
}

runtime::Result<std::unique_ptr<Backend>> open_cuda(const CudaOptions& options,
                                                    const CudaFiles& files) {
  if (dlopen(files.driver.c_str(), RTLD_NOW | RTLD_LOCAL) == nullptr)
    return runtime::Error{"no NVIDIA driver (" + files.driver + ") on this machine"};
  const std::filesystem::path path = find_module(files);
  if (path.empty()) return not_found(files);
  void* const module = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (module == nullptr)
    return runtime::Error{"the CUDA module cannot be loaded: " + last_loading_error()};
  const auto open =
      reinterpret_cast<decltype(&murmur_open_cuda)>(dlsym(module, "murmur_open_cuda"));
  if (open == nullptr) return runtime::Error{path.string() + " is not Murmur's CUDA module"};
  std::array<char, 512> why{};
  std::unique_ptr<Backend> backend(open(options, why.data(), why.size()));
  if (!backend) return runtime::Error{why.data()};
  return backend;
}

}  // namespace kernels
