#pragma once
// Payloads that do not have a cell for each number (kernels/cells.h), made and read. Numbers and
// payloads are the device's; count > 0.

#include <cstddef>

#include "kernels/cells.h"
#include "kernels/cuda/device.h"
#include "kernels/view.h"

namespace kernels::cuda {

void keep_largest(Device& device, const float* x, std::size_t count, std::size_t kept,
                  View payload);
void place_largest(Device& device, ConstView payload, std::size_t kept, float* x,
                   std::size_t count);

void keep_drawn(Device& device, const cells::Coding& coding, const float* x, std::size_t count,
                View payload);
void place_drawn(Device& device, const cells::Coding& coding, ConstView payload, float* x,
                 std::size_t count);

void make_signs(Device& device, const float* x, std::size_t count, View payload);
void read_signs(Device& device, ConstView payload, float* x, std::size_t count);

}  // namespace kernels::cuda
