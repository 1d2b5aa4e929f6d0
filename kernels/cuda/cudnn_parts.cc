#include "kernels/cuda/cudnn_parts.h"

#include <utility>

namespace kernels::cuda {

Parts::Raw Parts::add(cudnnBackendDescriptorType_t type, std::span<const Attribute> attributes) {
  if (!status_) return nullptr;
  auto made = make_descriptor(type, attributes);
  if (!made) {
    status_ = made.error();
    return nullptr;
  }
  descriptors_.push_back(std::move(made).value());
  return descriptors_.back().get();
}

Parts::Raw Parts::tensor(const TensorLayout& layout, const TensorUse& use) {
  const std::int64_t alignment = use.by_value ? std::int64_t{sizeof(float)} : kAlignmentBytes;
  return add(CUDNN_BACKEND_TENSOR_DESCRIPTOR,
             {attribute(CUDNN_ATTR_TENSOR_UNIQUE_ID, use.id),
              attribute(CUDNN_ATTR_TENSOR_DATA_TYPE, use.type),
              attribute(CUDNN_ATTR_TENSOR_DIMENSIONS, layout.dims),
              attribute(CUDNN_ATTR_TENSOR_STRIDES, layout.strides),
              attribute(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, alignment),
              attribute(CUDNN_ATTR_TENSOR_IS_VIRTUAL, !use.in_memory),
              attribute(CUDNN_ATTR_TENSOR_IS_BY_VALUE, use.by_value)});
}

runtime::Result<std::vector<Descriptor>> Parts::graph_of(cudnnHandle_t handle,
                                                         const std::vector<Raw>& operations) && {
  add(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR,
      {attribute(CUDNN_ATTR_OPERATIONGRAPH_HANDLE, handle),
       attribute(CUDNN_ATTR_OPERATIONGRAPH_OPS, operations)});
  if (!status_) return status_.error();
  return std::move(descriptors_);
}

}  // namespace kernels::cuda
