#include "kernels/cuda/copies.h"

#include <atomic>
#include <utility>

#include "kernels/cuda/status.h"
#include "runtime/check.h"

namespace kernels::cuda {
namespace {

// Comes once all that is on the stream by now is done.
Event recorded_on(cudaStream_t stream) {
  cudaEvent_t event = nullptr;
  // Who waits sleeps: it is a thread that others on this machine may want the core of.
  CUDA_CHECK(cudaEventCreateWithFlags(&event, cudaEventDisableTiming | cudaEventBlockingSync));
  CUDA_CHECK(cudaEventRecord(event, stream));
  return Event(event);
}

class StreamCopy final : public Copy {
 public:
  StreamCopy(const Device& device, Event done) : device_(&device), done_(std::move(done)) {}
  void wait() override {
    device_->select();
    CUDA_CHECK(cudaEventSynchronize(done_.get()));
  }
  void join() override { CUDA_CHECK(cudaStreamWaitEvent(device_->stream(), done_.get(), 0)); }

 private:
  const Device* device_;
  Event done_;
};

// A GPU of this process. Whoever frees may be a thread that has chosen none, for which CUDA would
// open the first: not ours, perhaps, or full.
std::atomic<int> an_open_device = 0;

void free_page_locked(std::byte* bytes) {
  CUDA_CHECK(cudaSetDevice(an_open_device));
  CUDA_CHECK(cudaFreeHost(bytes));
}

// `later` goes on once all that is on `earlier` by now is done.
void order(cudaStream_t earlier, cudaStream_t later) {
  CUDA_CHECK(cudaStreamWaitEvent(later, recorded_on(earlier).get(), 0));
}

}  // namespace

void DestroyEvent::operator()(cudaEvent_t event) const { CUDA_CHECK(cudaEventDestroy(event)); }

Copies::Copies(const Device& device)
    : device_(&device), out_(device.new_stream()), in_(device.new_stream()) {}

std::unique_ptr<Copy> Copies::out(ConstView device, View host) {
  CHECK(host.count() == device.count() && host.scalar() == device.scalar());
  const cudaStream_t main = device_->stream();
  if (staged_bytes_ < device.bytes()) {
    synchronize();
    staged_.reset();
    staged_.reset(device_->allocate(device.bytes()));
    staged_bytes_ = device.bytes();
  } else if (staged_is_free_) {
    CUDA_CHECK(cudaStreamWaitEvent(main, staged_is_free_.get(), 0));
  }
  CUDA_CHECK(cudaMemcpyAsync(staged_.get(), device.data(), device.bytes(), cudaMemcpyDeviceToDevice,
                             main));
  order(main, out_.get());
  CUDA_CHECK(cudaMemcpyAsync(host.data(), staged_.get(), host.bytes(), cudaMemcpyDeviceToHost,
                             out_.get()));
  staged_is_free_ = recorded_on(out_.get());
  return std::make_unique<StreamCopy>(*device_, recorded_on(out_.get()));
}

std::unique_ptr<Copy> Copies::in(ConstView host, View device) {
  CHECK(host.count() == device.count() && host.scalar() == device.scalar());
  order(device_->stream(), in_.get());
  CUDA_CHECK(
      cudaMemcpyAsync(device.data(), host.data(), host.bytes(), cudaMemcpyHostToDevice, in_.get()));
  return std::make_unique<StreamCopy>(*device_, recorded_on(in_.get()));
}

void Copies::synchronize() {
  device_->select();
  CUDA_CHECK(cudaStreamSynchronize(out_.get()));
  CUDA_CHECK(cudaStreamSynchronize(in_.get()));
}

HostBytes Copies::host_memory(const Device& device, std::size_t bytes) {
  device.select();
  an_open_device = device.index();
  void* memory = nullptr;
  const cudaError_t status = cudaHostAlloc(&memory, bytes, cudaHostAllocPortable);
  if (status == cudaSuccess && memory != nullptr)
    return {static_cast<std::byte*>(memory), {free_page_locked}};
  if (status != cudaErrorMemoryAllocation) CUDA_CHECK(status);
  static_cast<void>(cudaGetLastError());  // it has been answered
  return allocate_bytes(bytes);
}

}  // namespace kernels::cuda
