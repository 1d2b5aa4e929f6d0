#pragma once
// What the loops of this folder tell the compiler before a loop.

#if defined(__clang__)
#define MURMUR_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define MURMUR_INDEPENDENT _Pragma("GCC ivdep")  // x and y are the same or apart, never staggered
#endif
