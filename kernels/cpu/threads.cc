#include "kernels/cpu/threads.h"

#include <dlfcn.h>

#include "runtime/check.h"

namespace kernels::cpu {
namespace {

using SetThreads = void (*)(int);

// Asked of the OpenMP runtime that oneDNN brought along: linking one by name would bring a second
// into the process wherever compiler and oneDNN disagree on which it is.
SetThreads find_set_threads() {
  return reinterpret_cast<SetThreads>(dlsym(RTLD_DEFAULT, "omp_set_num_threads"));
}

SetThreads set_threads() {
  static const SetThreads found = find_set_threads();
  return found;
}

}  // namespace

bool can_set_threads() { return set_threads() != nullptr; }

void use_threads(std::size_t count) {
  CHECK(can_set_threads());
  set_threads()(static_cast<int>(count));
}

}  // namespace kernels::cpu
