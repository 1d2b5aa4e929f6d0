#include "kernels/host_memory.h"
#include "kernels/reference/backend.h"

namespace kernels::reference {

std::string_view ReferenceBackend::name() const { return "reference"; }

std::string ReferenceBackend::description() const {
  return std::string("reference, plain loops on 1 thread") +
         (precision_ == Precision::kF32 ? "" : ", " + std::string(name_of(precision_)));
}

Buffer ReferenceBackend::allocate(std::size_t count, Scalar scalar) {
  return allocate_host(count, scalar);
}

void ReferenceBackend::upload(ConstView host, View device) { copy_host(host, device); }

void ReferenceBackend::download(ConstView device, View host) { copy_host(device, host); }

void ReferenceBackend::synchronize() {}

bool ReferenceBackend::is_host() const { return true; }

}  // namespace kernels::reference
