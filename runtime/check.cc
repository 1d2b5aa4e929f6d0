#include "runtime/check.h"

#include <cstdio>
#include <cstdlib>

namespace runtime {

void fail_check(const char* file, int line, const char* condition) {
  std::fprintf(stderr, "%s:%d: check failed: %s\n", file, line, condition);
  std::abort();
}

}  // namespace runtime
