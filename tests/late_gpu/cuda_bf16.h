#pragma once
// bf16 as CUDA has it: cuda_bf16.h.

#include <bit>
#include <cstdint>

#include "kernels/precision.h"

struct __nv_bfloat16 {  // NOLINT: CUDA's name
  std::uint16_t bits;
};

inline __nv_bfloat16 __float2bfloat16_rn(float x) {  // NOLINT
  return {
      static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(kernels::nearest_bf16(x)) >> 16U)};
}
inline std::uint16_t __bfloat16_as_ushort(__nv_bfloat16 x) { return x.bits; }     // NOLINT
inline __nv_bfloat16 __ushort_as_bfloat16(std::uint16_t bits) { return {bits}; }  // NOLINT
inline float __bfloat162float(__nv_bfloat16 x) {                                  // NOLINT
  return std::bit_cast<float>(std::uint32_t{x.bits} << 16U);
}
