#pragma once
// Memory on the host: of the two backends that live there, and to copy to and from others.

#include <cstddef>
#include <memory>

#include "kernels/view.h"

namespace kernels {

// Zeros, aligned to 64 bytes; at least one cache line, so that an empty buffer has an address too.
// Running out of memory is a CHECK failure.
[[nodiscard]] Buffer allocate_host(std::size_t count, Scalar scalar);

// Bytes of any content, aligned to 64, which whoever gave them knows how to free.
struct FreeHost {
  void (*release)(std::byte* bytes) = nullptr;
  void operator()(std::byte* bytes) const { release(bytes); }
};
using HostBytes = std::unique_ptr<std::byte[], FreeHost>;

// Not written on allocation: pages of a large model that nobody touches cost nothing.
[[nodiscard]] HostBytes allocate_bytes(std::size_t bytes);

// The numbers of a buffer, which is made anew, with zeros, where it has fewer than `count`.
template <typename T = float>
[[nodiscard]] T* at_least(Buffer& buffer, std::size_t count) {
  if (buffer.count() < count) buffer = allocate_host(count, kScalarOf<T>);
  return buffer.view().as<T>().data();
}

// y = x, of any scalar type; both of one type and size.
void copy_host(ConstView x, View y);

}  // namespace kernels
