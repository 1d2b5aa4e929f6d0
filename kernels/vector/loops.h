#pragma once
// The table of loops that one instruction set offers, and the three that may be there. Only
// built-in types: the files that fill a table are compiled for processors that the rest of the
// program may not assume, so nothing that the linker could share with other files may be
// instantiated in them.

#include <cstddef>

namespace kernels::vector {

template <typename T>
struct Loops {
  void (*fill)(T a, T* x, std::size_t count);
  void (*scaled_copy)(T a, const T* x, T* y, std::size_t count);
  void (*axpy)(T a, const T* x, T* y, std::size_t count);
  void (*accumulate)(T a, T b, T* x, T* y, std::size_t count);
  void (*accumulate_squares)(T a, T b, const T* x, T* y, std::size_t count);
  void (*divide_by_root)(T a, T epsilon, const T* x, T* y, std::size_t count);
  void (*weighted_sum)(T a, const T* x, T b, const T* y, T* out, std::size_t count);
  double (*dot)(const T* x, const T* y, std::size_t count);
  bool (*all_finite)(const T* x, std::size_t count);
};

// As kernels/cells.h says, in plain pointers.
struct Cells {
  void (*to_bf16)(const float* x, unsigned short* cells, std::size_t count);
  bool (*from_bf16)(const unsigned short* cells, float* x, std::size_t count);
  void (*to_f16)(const float* x, unsigned short* cells, std::size_t count);
  bool (*from_f16)(const unsigned short* cells, float* x, std::size_t count);
  void (*to_int8)(const float* x, std::size_t count, float* scales, signed char* cells);
  void (*from_int8)(const float* scales, const signed char* cells, float* x, std::size_t count);
  void (*to_int4)(const float* x, std::size_t count, float* scales, unsigned char* cells);
  void (*from_int4)(const float* scales, const unsigned char* cells, float* x, std::size_t count);
  std::size_t (*above)(const float* x, float threshold, std::size_t count, unsigned* positions,
                       std::size_t room);
  double (*sum_magnitudes)(const float* x, std::size_t count);
};

struct InstructionSet {
  const char* name;
  Loops<float> f32;
  Loops<double> f64;
  Cells cells;
};

extern const InstructionSet kPlain;  // x86-64-v2, or whatever the compiler takes for granted
#if defined(__x86_64__)
extern const InstructionSet kV3;  // AVX2
extern const InstructionSet kV4;  // AVX-512
#endif

// What this processor can run, the best last. Constant; thread-safe.
struct InstructionSets {
  const InstructionSet* sets[3];
  std::size_t count;
};
[[nodiscard]] const InstructionSets& available();

}  // namespace kernels::vector
