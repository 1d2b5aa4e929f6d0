#include <cstdint>

#include "kernels/cells.h"
#include "kernels/cuda/backend.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/payloads.h"
#include "kernels/cuda/status.h"

namespace kernels::cuda {
namespace {

#define MURMUR_CELL __device__ inline
#include "kernels/vector/cell.inc"
#undef MURMUR_CELL

using cells::Coding;
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

void make_halves(Device& device, Kind kind, const float* x, std::size_t count, const Parts& to) {
  const bool is_bf16 = kind == Kind::kBf16;
  CUDA_CHECK(launch(device.stream(), count, [=] __device__(std::size_t i) {
    to.halves[i] = is_bf16 ? bf16_of(x[i]) : f16_of(x[i]);
  }));
}

void read_halves(Device& device, Kind kind, const Parts& from, float* x, std::size_t count) {
  const bool is_bf16 = kind == Kind::kBf16;
  CUDA_CHECK(launch(device.stream(), count, [=] __device__(std::size_t i) {
    x[i] = is_bf16 ? of_bf16(from.halves[i]) : of_f16(from.halves[i]);
  }));
}

void make_int8(Device& device, const float* x, std::size_t count, const Parts& to) {
  make_scales(device, x, count, kInt8Limit, to.scales);
  CUDA_CHECK(launch(device.stream(), count, [=] __device__(std::size_t i) {
    to.integers[i] = integer_of(x[i], inverse_of(to.scales[i / kGroupNumbers]), kInt8Limit);
  }));
}

void read_int8(Device& device, const Parts& from, float* x, std::size_t count) {
  CUDA_CHECK(launch(device.stream(), count, [=] __device__(std::size_t i) {
    x[i] = from.scales[i / kGroupNumbers] * static_cast<float>(from.integers[i]);
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

void CudaBackend::to_cells(const Coding& coding, ConstView x, View payload) {
  const std::size_t count = x.count();
  CHECK(payload.count() == cells::payload_words(coding, count));
  if (count == 0) return;
  const float* const from = x.as<float>().data();
  const Parts to(payload, count);
  switch (coding.kind) {
    case Kind::kBf16:
    case Kind::kF16:
      return make_halves(device_, coding.kind, from, count, to);
    case Kind::kInt8:
      return make_int8(device_, from, count, to);
    case Kind::kInt4:
      return make_int4(device_, from, count, to);
    case Kind::kTopK:
      return keep_largest(device_, from, count, coding.kept, payload);
    case Kind::kRandomK:
      return keep_drawn(device_, coding, from, count, payload);
    case Kind::kSign:
      return make_signs(device_, from, count, payload);
  }
}

void CudaBackend::from_cells(const Coding& coding, ConstView payload, View x) {
  const std::size_t count = x.count();
  CHECK(payload.count() == cells::payload_words(coding, count));
  if (count == 0) return;
  float* const to = x.as<float>().data();
  const Parts from(View(const_cast<void*>(payload.data()), payload.count(), payload.scalar()),
                   count);
  switch (coding.kind) {
    case Kind::kBf16:
    case Kind::kF16:
      return read_halves(device_, coding.kind, from, to, count);
    case Kind::kInt8:
      return read_int8(device_, from, to, count);
    case Kind::kInt4:
      return read_int4(device_, from, to, count);
    case Kind::kTopK:
      return place_largest(device_, payload, coding.kept, to, count);
    case Kind::kRandomK:
      return place_drawn(device_, coding, payload, to, count);
    case Kind::kSign:
      return read_signs(device_, payload, to, count);
  }
}

}  // namespace kernels::cuda
