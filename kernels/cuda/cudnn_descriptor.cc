#include "kernels/cuda/cudnn_descriptor.h"

#include <string>

#include "runtime/check.h"

namespace kernels::cuda {

void DestroyDescriptor::operator()(cudnnBackendDescriptor_t descriptor) const {
  CHECK(cudnnBackendDestroyDescriptor(descriptor) == CUDNN_STATUS_SUCCESS);
}

runtime::Error refusal(const char* call, cudnnStatus_t status) {
  return {std::string(call) + ": " + cudnnGetErrorString(status)};
}

runtime::Result<Descriptor> empty_descriptor(cudnnBackendDescriptorType_t type) {
  cudnnBackendDescriptor_t made = nullptr;
  const cudnnStatus_t status = cudnnBackendCreateDescriptor(type, &made);
  if (status != CUDNN_STATUS_SUCCESS) return refusal("cudnnBackendCreateDescriptor", status);
  return Descriptor(made);
}

runtime::Result<Descriptor> make_descriptor(cudnnBackendDescriptorType_t type,
                                            std::span<const Attribute> attributes) {
  auto made = empty_descriptor(type);
  if (!made) return made;
  for (const Attribute& each : attributes) {
    const cudnnStatus_t status =
        cudnnBackendSetAttribute(made->get(), each.name, each.type, each.count, each.values);
    if (status != CUDNN_STATUS_SUCCESS) return refusal("cudnnBackendSetAttribute", status);
  }
  const cudnnStatus_t status = cudnnBackendFinalize(made->get());
  if (status != CUDNN_STATUS_SUCCESS) return refusal("cudnnBackendFinalize", status);
  return made;
}

}  // namespace kernels::cuda
