#include "runtime/denormals.h"

#if defined(__x86_64__)
#include <pmmintrin.h>
#endif

namespace runtime {

void flush_denormals() {
#if defined(__x86_64__)
  constexpr unsigned kResults = _MM_FLUSH_ZERO_ON;
  constexpr unsigned kOperands = _MM_DENORMALS_ZERO_ON;
  _mm_setcsr(_mm_getcsr() | kResults | kOperands);
#endif
}

}  // namespace runtime
