#include "kernels/cuda/cudnn_rooms.h"

#include <cstdint>

#include "kernels/cuda/cudnn_parts.h"
#include "kernels/cuda/status.h"

namespace kernels::cuda {
namespace {

bool is_aligned(const void* address) {
  return reinterpret_cast<std::uintptr_t>(address) % kAlignmentBytes == 0;
}

void copy(Device& device, std::size_t count, const float* from, float* to) {
  CUDA_CHECK(
      cudaMemcpyAsync(to, from, count * sizeof(float), cudaMemcpyDeviceToDevice, device.stream()));
}

}  // namespace

void* numbers(Device& device, CudnnRoom room, const float* from, std::size_t count) {
  if (is_aligned(from)) return const_cast<float*>(from);
  auto* const to = static_cast<float*>(device.room(room, count * sizeof(float)));
  copy(device, count, from, to);
  return to;
}

void* room_for(Device& device, CudnnRoom room, float* to, std::size_t count) {
  return is_aligned(to) ? to : device.room(room, count * sizeof(float));
}

void bring(Device& device, std::size_t count, const void* from, float* to) {
  if (from != to) copy(device, count, static_cast<const float*>(from), to);
}

}  // namespace kernels::cuda
