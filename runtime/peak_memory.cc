#include "runtime/peak_memory.h"

#include <sys/resource.h>

#include "runtime/check.h"

namespace runtime {

std::uint64_t peak_memory_bytes() {
  rusage usage{};
  CHECK(::getrusage(RUSAGE_SELF, &usage) == 0);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;  // Linux counts KiB
}

}  // namespace runtime
