#include <fmt/format.h>

#include <oneapi/dnnl/dnnl.hpp>

#include "kernels/cpu/onednn.h"

namespace kernels::cpu {
namespace {

// oneDNN's numbers for instruction sets have a bit for each thing that is in them.
bool has(dnnl_cpu_isa_t all, dnnl_cpu_isa_t part) {
  const auto bits = static_cast<unsigned>(part);
  return (static_cast<unsigned>(all) & bits) == bits;
}

const char* name_of(dnnl_cpu_isa_t isa) {
  if (has(isa, dnnl_cpu_isa_avx512_core)) return "AVX-512 without it";
  if (has(isa, dnnl_cpu_isa_avx2)) return "AVX2";
  if (has(isa, dnnl_cpu_isa_avx)) return "AVX";
  return has(isa, dnnl_cpu_isa_sse41) ? "SSE4.1" : "neither";
}

}  // namespace

// AVX-512 alone is not enough: oneDNN would multiply bf16 by f32 instructions, slower than f32.
std::string bf16_lack() {
  const dnnl_cpu_isa_t isa = dnnl_get_effective_cpu_isa();
  if (has(isa, dnnl_cpu_isa_avx512_core_bf16)) return "";
  return fmt::format("bf16 needs AVX-512 bf16 or AMX, and oneDNN finds {} here", name_of(isa));
}

}  // namespace kernels::cpu
