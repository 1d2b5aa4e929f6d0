#pragma once
// Memory for the two backends that live on the host.

#include <cstddef>

#include "kernels/view.h"

namespace kernels {

// Zeros, aligned to 64 bytes; at least one cache line, so that an empty buffer has an address too.
// Running out of memory is a CHECK failure.
[[nodiscard]] Buffer allocate_host(std::size_t count, Scalar scalar);

// The numbers of a buffer, which is made anew, with zeros, where it has fewer than `count`.
template <typename T = float>
[[nodiscard]] T* at_least(Buffer& buffer, std::size_t count) {
  if (buffer.count() < count) buffer = allocate_host(count, kScalarOf<T>);
  return buffer.view().as<T>().data();
}

// y = x, of any scalar type; both of one type and size.
void copy_host(ConstView x, View y);

}  // namespace kernels
