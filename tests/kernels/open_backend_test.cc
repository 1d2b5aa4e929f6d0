#include "kernels/open_backend.h"

#include <filesystem>
#include <string>

#include "kernels/cuda_module.h"
#include "runtime/cpu_set.h"
#include "tests/support/catch.h"

namespace {

using kernels::open_backend;

// Folders with a file that is named like the CUDA module; made by CMake.
kernels::CudaFiles files_in(const char* folder) {
  return {.driver = "libc.so.6", .folders = {std::filesystem::path(MURMUR_MODULES) / folder}};
}

std::string refusal(const kernels::CudaFiles& files) {
  const auto opened = kernels::open_cuda({.device = 3}, files);
  REQUIRE_FALSE(opened);
  return opened.error().message;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the two devices that every machine has open by name, with nothing to say") {
  for (const char* name : {"cpu", "reference"}) {
    const auto opened = open_backend({.device = name});
    REQUIRE(opened);
    CHECK(opened->backend->name() == name);
    CHECK(opened->backend->is_host());
    CHECK(opened->notice.empty());
  }
}

TEST_CASE("the description of a CPU says how many threads and which instructions") {
  CHECK(open_backend({.device = "cpu", .threads = 1})
            ->backend->description()
            .starts_with("cpu, 1 thread, "));
  CHECK(open_backend({.device = "cpu", .threads = 2})
            ->backend->description()
            .starts_with("cpu, 2 threads, "));
}

TEST_CASE("more threads than cores are said to be slow") {
  const std::size_t cores = runtime::usable_cores().size();
  const auto fits = open_backend({.device = "cpu", .threads = cores});
  const auto crowded = open_backend({.device = "cpu", .threads = cores + 1});
  REQUIRE((fits && crowded));
  CHECK(fits->notice.empty());
  CHECK(crowded->notice.starts_with(std::to_string(cores + 1) + " threads wait for each other"));
}

TEST_CASE("auto takes a GPU or says why not") {
  const auto opened = open_backend({});
  REQUIRE(opened);
  const bool has_gpu = open_backend({.device = "cuda:0"}).ok();
  CHECK(opened->backend->name() == (has_gpu ? "cuda:0" : "cpu"));
  CHECK(opened->notice.empty() == has_gpu);
  if (has_gpu) return;
  CHECK(opened->notice.starts_with("no GPU: "));
  CHECK(opened->notice.ends_with("; using the CPU"));
}

TEST_CASE("bf16 is what the device does, or f32 and a reason why") {
  for (const char* name : {"reference", "cpu", "auto"}) {
    CAPTURE(name);
    const auto plain = open_backend({.device = name});
    REQUIRE(plain);
    CHECK(plain->backend->precision() == kernels::Precision::kF32);
    CHECK_FALSE(contains(plain->notice, "bf16"));
    CHECK_FALSE(plain->backend->description().ends_with(", bf16"));

    const auto opened = open_backend({.device = name, .precision = kernels::Precision::kBf16});
    REQUIRE(opened);
    const bool has_bf16 = opened->backend->precision() == kernels::Precision::kBf16;
    CHECK(opened->backend->description().ends_with(", bf16") == has_bf16);
    CHECK(contains(opened->notice, "bf16 needs ") == !has_bf16);
    CHECK(opened->notice.ends_with("; computing in f32") == !has_bf16);
    CHECK(opened->notice.starts_with(plain->notice));
    if (std::string(name) == "reference") CHECK(has_bf16);
  }
}

TEST_CASE("tf32 is what a GPU and the reference do; a CPU computes in f32 and says why") {
  const auto reference =
      open_backend({.device = "reference", .precision = kernels::Precision::kTf32});
  REQUIRE(reference);
  CHECK(reference->backend->precision() == kernels::Precision::kTf32);
  CHECK(reference->backend->description().ends_with(", tf32"));
  CHECK(reference->notice.empty());
  const auto cpu = open_backend({.device = "cpu", .precision = kernels::Precision::kTf32});
  REQUIRE(cpu);
  CHECK(cpu->backend->precision() == kernels::Precision::kF32);
  CHECK(cpu->notice == "tf32 needs a GPU of compute capability 8.0 or later; computing in f32");
}

TEST_CASE("a device that nobody knows is refused, and the known ones are named") {
  for (const char* name : {"", "gpu", "CPU", "cuda", "cuda:", "cuda:x", "cuda:-1", "cuda:1x",
                           "cuda:99999999999", " cpu", "auto "}) {
    CAPTURE(name);
    const auto opened = open_backend({.device = name});
    REQUIRE_FALSE(opened);
    CHECK(contains(opened.error().message, std::string("\"") + name + "\""));
    CHECK(contains(opened.error().message, "auto, cpu, reference or cuda:N"));
  }
}

TEST_CASE("a GPU asked for by name is never replaced by something else") {
  const auto opened = open_backend({.device = "cuda:4096"});
  REQUIRE_FALSE(opened);
  CHECK(opened.error().message.starts_with("device cuda:4096: "));
  CHECK(contains(opened.error().message, "use device = \"cpu\""));
}

TEST_CASE("without a driver the refusal names it") {
  kernels::CudaFiles files = files_in("refusing");
  files.driver = "libno-such-driver.so.9";
  CHECK(refusal(files) == "no NVIDIA driver (libno-such-driver.so.9) on this machine");
}

TEST_CASE("without the module the refusal says where it was looked for") {
  const std::string message = refusal({.driver = "libc.so.6", .folders = {"/nonexistent/place"}});
  CHECK(contains(message, "no CUDA module (libmurmur_cuda.so) in /nonexistent/place"));
}

TEST_CASE("a file that is no library, or not ours, is refused") {
  CHECK(contains(refusal(files_in("garbage")), "the CUDA module cannot be loaded: "));
  CHECK(contains(refusal(files_in("foreign")), "is not Murmur's CUDA module"));
}

TEST_CASE("what the module has to say about a device comes through") {
  CHECK(refusal(files_in("refusing")) == "no such device: 3");
}
