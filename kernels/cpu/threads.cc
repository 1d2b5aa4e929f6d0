#include "kernels/cpu/threads.h"

#include <dlfcn.h>
#include <stdlib.h>  // setenv is POSIX's, not C++'s
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "runtime/check.h"

namespace kernels::cpu {
namespace {

// Asked of the OpenMP runtime that oneDNN brought along: linking one by name would bring a second
// into the process wherever compiler and oneDNN disagree on which it is.
using SetThreads = void (*)(int);
SetThreads set_threads() {
  static const auto found =
      reinterpret_cast<SetThreads>(dlsym(RTLD_DEFAULT, "omp_set_num_threads"));
  return found;
}

// As GNU's runtime counts: a turn is a pause instruction, some 140 cycles.
constexpr const char* kSpins = "GOMP_SPINCOUNT";
constexpr const char* kTurns = "3000";

bool says_how_to_wait(std::string_view variable) {
  return variable.starts_with("GOMP_SPINCOUNT=") || variable.starts_with("OMP_WAIT_POLICY=");
}

// What compilers turn `omp parallel` into, in GNU's runtime and in LLVM's.
using Parallel = void (*)(void (*work)(void*), void* context, unsigned threads, unsigned flags);
Parallel parallel() {
  static const auto found = reinterpret_cast<Parallel>(dlsym(RTLD_DEFAULT, "GOMP_parallel"));
  return found;
}

// Says to the sanitiser of threads what it cannot see in an OpenMP runtime built without it: that a
// team starts after what its caller wrote, and that the caller goes on after what the team did.
std::atomic<unsigned> seen{0};
void leave_seen() { seen.fetch_add(1, std::memory_order_release); }
void look() { static_cast<void>(seen.load(std::memory_order_acquire)); }

// A thread takes the next part until none is left, so that a smaller team than asked for does all.
struct Parts {
  std::size_t count;
  void (*work)(void* context, std::size_t part);
  void* context;
  std::atomic<std::size_t> next{0};

  void take() {
    for (std::size_t part = next.fetch_add(1); part < count; part = next.fetch_add(1))
      work(context, part);
  }
};

}  // namespace

bool can_set_threads() { return set_threads() != nullptr && parallel() != nullptr; }

void wait_briefly(char** arguments) {
  for (char** variable = environ; *variable != nullptr; ++variable)
    if (says_how_to_wait(*variable)) return;
  std::error_code unknown;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", unknown);
  // NOLINTNEXTLINE(concurrency-mt-unsafe): before any thread
  if (unknown || setenv(kSpins, kTurns, 0) != 0) return;
  static_cast<void>(execv(program.c_str(), arguments));  // returns only where it failed
}

void use_threads(std::size_t count) {
  CHECK(can_set_threads());
  set_threads()(static_cast<int>(count));
}

void share_out(std::size_t parts, void (*work)(void* context, std::size_t part), void* context) {
  Parts all{parts, work, context};
  const auto take = [](void* shared) {
    look();
    static_cast<Parts*>(shared)->take();
    leave_seen();
  };
  leave_seen();
  if (parts > 1)
    parallel()(take, &all, static_cast<unsigned>(parts), 0);
  else
    take(&all);
  look();
  CHECK(all.next.load() >= parts);
}

}  // namespace kernels::cpu
