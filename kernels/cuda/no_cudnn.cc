// What takes cuDNN's place in a build without it: nothing.
#include "kernels/cuda/cudnn_conv.h"
#include "kernels/cuda/cudnn_handle.h"

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

}  // namespace kernels::cuda
