// What takes cuDNN's place in a build without it: nothing.
#include "kernels/cuda/cudnn_attention.h"
#include "kernels/cuda/cudnn_conv.h"
#include "kernels/cuda/cudnn_handle.h"
#include "kernels/cuda/cudnn_norm.h"

namespace kernels::cuda {

void DestroyCudnn::operator()(cudnnContext* /*handle*/) const {}

runtime::Result<CudnnHandle> open_cudnn(cudaStream_t /*stream*/) { return CudnnHandle(); }

std::string cudnn_version() { return "without cuDNN"; }

struct CudnnConv::State {};

CudnnConv::CudnnConv() = default;
CudnnConv::~CudnnConv() = default;

std::size_t CudnnConv::without_engine() const { return 0; }

ConvDone CudnnConv::forward(Device& /*device*/, const ConvShape& /*shape*/,
                            const ConvForward& /*pass*/) {
  return ConvDone::kNothing;
}

ConvBackwardDone CudnnConv::backward(Device& /*device*/, const ConvShape& /*shape*/,
                                     const ConvBackward& /*pass*/) {
  return {};
}

struct CudnnAttention::State {};

CudnnAttention::CudnnAttention() = default;
CudnnAttention::~CudnnAttention() = default;

bool CudnnAttention::forward(Device& /*device*/, const AttentionShape& /*shape*/,
                             const float* /*in*/, float* /*out*/) {
  return false;
}

bool CudnnAttention::backward(Device& /*device*/, const AttentionShape& /*shape*/,
                              const float* /*in*/, const float* /*d_out*/, float* /*d_in*/) {
  return false;
}

struct CudnnNorm::State {};

CudnnNorm::CudnnNorm() = default;
CudnnNorm::~CudnnNorm() = default;

bool CudnnNorm::forward(Device& /*device*/, const BatchNormShape& /*shape*/,
                        const NormForward& /*pass*/) {
  return false;
}

bool CudnnNorm::backward(Device& /*device*/, const BatchNormShape& /*shape*/,
                         const NormBackward& /*pass*/) {
  return false;
}

float* CudnnNorm::room_beside(Device& /*device*/, const BatchNormShape& /*shape*/) {
  return nullptr;
}

}  // namespace kernels::cuda
