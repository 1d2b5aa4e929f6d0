#include "kernels/host_memory.h"

#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>

namespace kernels {
namespace {

constexpr std::size_t kAlignment = 64;

}  // namespace

Buffer allocate_host(std::size_t count, Scalar scalar) {
  CHECK(count <= (std::numeric_limits<std::size_t>::max() - kAlignment) / bytes_of(scalar));
  const std::size_t bytes = (count * bytes_of(scalar) / kAlignment + 1) * kAlignment;
  void* memory = std::aligned_alloc(kAlignment, bytes);
  CHECK(memory != nullptr);
  std::memset(memory, 0, bytes);
  return {std::shared_ptr<void>(memory, std::free), count, scalar};
}

HostBytes allocate_bytes(std::size_t bytes) {
  constexpr std::align_val_t kLine{kAlignment};
  return {static_cast<std::byte*>(::operator new[](bytes, kLine)),
          {[](std::byte* memory) { ::operator delete[](memory, kLine); }}};
}

void copy_host(ConstView x, View y) {
  CHECK(x.count() == y.count() && x.scalar() == y.scalar());
  if (!x.empty()) std::memmove(y.data(), x.data(), x.bytes());
}

}  // namespace kernels
