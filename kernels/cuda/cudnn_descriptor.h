#pragma once
// cuDNN's graph API speaks in descriptors: they are made, given attributes, finalized and named in
// other descriptors. (cuDNN documentation, "Backend Descriptor Types".) Nothing here throws: what
// cuDNN refuses is an Error that says which call and its status.

#include <cudnn.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <type_traits>
#include <vector>

#include "runtime/result.h"

namespace kernels::cuda {

struct DestroyDescriptor {
  void operator()(cudnnBackendDescriptor_t descriptor) const;
};
using Descriptor = std::unique_ptr<void, DestroyDescriptor>;
static_assert(std::is_same_v<Descriptor::pointer, cudnnBackendDescriptor_t>);

// How cuDNN calls a type of ours.
template <typename T>
struct TypeOf;
template <cudnnBackendAttributeType_t kType>
using Called = std::integral_constant<cudnnBackendAttributeType_t, kType>;
// clang-format off
template <> struct TypeOf<bool> : Called<CUDNN_TYPE_BOOLEAN> {};
template <> struct TypeOf<std::int64_t> : Called<CUDNN_TYPE_INT64> {};
template <> struct TypeOf<float> : Called<CUDNN_TYPE_FLOAT> {};
template <> struct TypeOf<cudnnHandle_t> : Called<CUDNN_TYPE_HANDLE> {};
template <> struct TypeOf<cudnnDataType_t> : Called<CUDNN_TYPE_DATA_TYPE> {};
template <> struct TypeOf<cudnnConvolutionMode_t> : Called<CUDNN_TYPE_CONVOLUTION_MODE> {};
template <> struct TypeOf<cudnnPointwiseMode_t> : Called<CUDNN_TYPE_POINTWISE_MODE> {};
template <> struct TypeOf<cudnnReduceTensorOp_t> : Called<CUDNN_TYPE_REDUCTION_OPERATOR_TYPE> {};
template <> struct TypeOf<cudnnBackendNormMode_t> : Called<CUDNN_TYPE_NORM_MODE> {};
template <> struct TypeOf<cudnnBackendNormFwdPhase_t> : Called<CUDNN_TYPE_NORM_FWD_PHASE> {};
template <> struct TypeOf<cudnnBackendHeurMode_t> : Called<CUDNN_TYPE_HEUR_MODE> {};
template <> struct TypeOf<cudnnBackendNumericalNote_t> : Called<CUDNN_TYPE_NUMERICAL_NOTE> {};
template <> struct TypeOf<cudnnBackendDescriptor_t> : Called<CUDNN_TYPE_BACKEND_DESCRIPTOR> {};
// clang-format on

// One attribute. Its values are the caller's and are read before the call that takes it returns.
struct Attribute {
  cudnnBackendAttributeName_t name;
  cudnnBackendAttributeType_t type;
  std::int64_t count;
  const void* values;
};

template <typename T>
[[nodiscard]] Attribute attribute(cudnnBackendAttributeName_t name, const T& value) {
  return {name, TypeOf<T>::value, 1, &value};
}
template <typename T, std::size_t kCount>
[[nodiscard]] Attribute attribute(cudnnBackendAttributeName_t name,
                                  const std::array<T, kCount>& values) {
  return {name, TypeOf<T>::value, kCount, values.data()};
}
template <typename T>
[[nodiscard]] Attribute attribute(cudnnBackendAttributeName_t name, const std::vector<T>& values) {
  return {name, TypeOf<T>::value, static_cast<std::int64_t>(values.size()), values.data()};
}

// A descriptor that cuDNN is still to write, in read_attribute().
[[nodiscard]] runtime::Result<Descriptor> empty_descriptor(cudnnBackendDescriptorType_t type);

// A descriptor with these attributes, finalized.
[[nodiscard]] runtime::Result<Descriptor> make_descriptor(cudnnBackendDescriptorType_t type,
                                                          std::span<const Attribute> attributes);
[[nodiscard]] inline runtime::Result<Descriptor> make_descriptor(
    cudnnBackendDescriptorType_t type, std::initializer_list<Attribute> attributes) {
  return make_descriptor(type, std::span(attributes.begin(), attributes.size()));
}

// "cudnnBackendFinalize: CUDNN_STATUS_NOT_SUPPORTED".
[[nodiscard]] runtime::Error refusal(const char* call, cudnnStatus_t status);

// Reads an attribute of `from` into an array or vector, at most as many values as that has; how
// many there are, which may be more.
template <typename Room>
[[nodiscard]] runtime::Result<std::size_t> read_attribute(cudnnBackendDescriptor_t from,
                                                          cudnnBackendAttributeName_t name,
                                                          Room& room) {
  std::int64_t count = 0;
  const cudnnStatus_t status =
      cudnnBackendGetAttribute(from, name, TypeOf<typename Room::value_type>::value,
                               static_cast<std::int64_t>(room.size()), &count, room.data());
  if (status != CUDNN_STATUS_SUCCESS) return refusal("cudnnBackendGetAttribute", status);
  return static_cast<std::size_t>(count);
}

}  // namespace kernels::cuda
