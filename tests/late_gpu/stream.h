#pragma once
// What has been queued on the GPU that is not there.

#include <cuda_runtime.h>

#include <cstddef>
#include <deque>
#include <functional>
#include <vector>

namespace late_gpu {

using Task = std::function<void()>;

// Does `task` on the host when somebody waits for the stream, or keeps it in the graph that the
// stream is captured into. Any thread.
void queue(cudaStream_t stream, Task task);

// body(0) ... body(count - 1), from the first or, every other time, from the last: a body that
// relies on the order is wrong on a GPU.
template <typename Body>
void queue_bodies(cudaStream_t stream, std::size_t count, const Body& body, bool backwards) {
  queue(stream, [count, body, backwards] {
    for (std::size_t i = 0; i < count; ++i) body(backwards ? count - 1 - i : i);
  });
}
[[nodiscard]] bool is_turn_backwards();

// From now on what is queued there is done at once: the other thing that a GPU may do.
void hurry(cudaStream_t stream);
[[nodiscard]] bool is_capturing();  // this thread, any stream
void run_all();  // all that has been queued on any stream

}  // namespace late_gpu
