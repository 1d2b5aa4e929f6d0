#include "runtime/denormals.h"

#if defined(__x86_64__)
#include <pmmintrin.h>
#endif

namespace runtime {

void flush_denormals() {
#if defined(__x86_64__)
  _MM_SET_FLUSH_ZERO_MODE(_MM_FLUSH_ZERO_ON);          // of results
  _MM_SET_DENORMALS_ZERO_MODE(_MM_DENORMALS_ZERO_ON);  // of operands
#endif
}

}  // namespace runtime
