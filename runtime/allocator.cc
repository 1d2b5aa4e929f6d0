#include "runtime/allocator.h"

#include <malloc.h>

namespace runtime {

void keep_message_memory() {
  constexpr int kMiB = 1 << 20;
  // Blocks of parameters are about 1 MiB; whole models stay above and are mapped one by one.
  static_cast<void>(::mallopt(M_MMAP_THRESHOLD, 4 * kMiB));
  static_cast<void>(::mallopt(M_TRIM_THRESHOLD, 64 * kMiB));
}

}  // namespace runtime
