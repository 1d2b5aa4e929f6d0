#include <cstdint>

#include "kernels/cells.h"
#include "kernels/cuda/backend.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/status.h"

namespace kernels::cuda {
namespace {

#define MURMUR_CELL __device__ inline
#include "kernels/vector/cell.inc"
#undef MURMUR_CELL

using cells::Kind;

// The parts of a payload.
struct Parts {
  Parts(View payload, std::size_t count)
      : halves(static_cast<Cell16*>(payload.data())),
        scales(static_cast<float*>(payload.data())),
        integers(static_cast<signed char*>(payload.data()) + cells::scale_bytes(count)),
        packed(static_cast<unsigned char*>(payload.data()) + cells::scale_bytes(count)) {}
  Cell16* halves;  // of bf16 and f16: the whole of it
  float* scales;   // of integers, which follow
  signed char* integers;
  unsigned char* packed;
};

// Where the group that holds number i begins, and the bytes of its first half.
struct Group {
  __device__ Group(std::size_t i, std::size_t count)
      : first(i / kGroupNumbers * kGroupNumbers),
        size(count - first < kGroupNumbers ? count - first : kGroupNumbers),
        half((size + 1) / 2) {}
  std::size_t first;
  std::size_t size;
  std::size_t half;
};

void make_scales(Device& device, const float* x, std::size_t count, float limit, float* scales) {
  CUDA_CHECK(launch(device.stream(), cells::groups_of(count), [=] __device__(std::size_t group) {
    const Group g(group * kGroupNumbers, count);
    scales[group] = scale_of(x + g.first, g.size, limit);
  }));
}

void make_int8(Device& device, const float* x, std::size_t count, const Parts& to) {
  make_scales(device, x, count, kInt8Limit, to.scales);
  CUDA_CHECK(launch(device.stream(), count, [=] __device__(std::size_t i) {
    to.integers[i] = integer_of(x[i], inverse_of(to.scales[i / kGroupNumbers]), kInt8Limit);
  }));
}

void make_int4(Device& device, const float* x, std::size_t count, const Parts& to) {
  make_scales(device, x, count, kInt4Limit, to.scales);
  CUDA_CHECK(launch(device.stream(), cells::int4_bytes(count), [=] __device__(std::size_t byte) {
    const Group g(2 * byte, count);
    const float inverse = inverse_of(to.scales[2 * byte / kGroupNumbers]);
    const std::size_t low = byte - g.first / 2;
    const std::size_t high = g.half + low;
    const float* const numbers = x + g.first;
    to.packed[byte] = packed_of(integer_of(numbers[low], inverse, kInt4Limit),
                                high < g.size ? integer_of(numbers[high], inverse, kInt4Limit) : 0);
  }));
}

void read_int4(Device& device, const Parts& from, float* x, std::size_t count) {
  CUDA_CHECK(launch(device.stream(), count, [=] __device__(std::size_t i) {
    const Group g(i, count);
    const unsigned char* const packed = from.packed + g.first / 2;
    const std::size_t at = i - g.first;
    const unsigned nibble = at < g.half ? packed[at] & 0xFU : packed[at - g.half] >> 4U;
    x[i] = from.scales[i / kGroupNumbers] * small_integer(nibble);
  }));
}

}  // namespace

void CudaBackend::to_cells(Kind kind, ConstView x, View payload) {
  const std::size_t count = x.count();
  CHECK(payload.count() == cells::payload_words(kind, count));
  const float* const from = x.as<float>().data();
  const Parts to(payload, count);
  if (kind == Kind::kInt8) return make_int8(device_, from, count, to);
  if (kind == Kind::kInt4) return make_int4(device_, from, count, to);
  const bool is_bf16 = kind == Kind::kBf16;
  CUDA_CHECK(launch(device_.stream(), count, [=] __device__(std::size_t i) {
    to.halves[i] = is_bf16 ? bf16_of(from[i]) : f16_of(from[i]);
  }));
}

void CudaBackend::from_cells(Kind kind, ConstView payload, View x) {
  const std::size_t count = x.count();
  CHECK(payload.count() == cells::payload_words(kind, count));
  float* const to = x.as<float>().data();
  const Parts from(View(const_cast<void*>(payload.data()), payload.count(), payload.scalar()),
                   count);
  if (kind == Kind::kInt4) return read_int4(device_, from, to, count);
  CUDA_CHECK(launch(device_.stream(), count, [=] __device__(std::size_t i) {
    if (kind == Kind::kInt8)
      to[i] = from.scales[i / kGroupNumbers] * static_cast<float>(from.integers[i]);
    else
      to[i] = kind == Kind::kBf16 ? of_bf16(from.halves[i]) : of_f16(from.halves[i]);
  }));
}

}  // namespace kernels::cuda
