#pragma once

#include <cstdint>

namespace runtime {

// The most memory that this process has held at once; a device's own memory is not in it.
[[nodiscard]] std::uint64_t peak_memory_bytes();

}  // namespace runtime
