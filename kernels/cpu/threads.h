#pragma once
// The threads that oneDNN and our own loops compute with. The only file that knows of OpenMP.

#include <cstddef>

namespace kernels::cpu {

// False where oneDNN was built without OpenMP, so that its thread count is not ours to set.
[[nodiscard]] bool can_set_threads();

// A thread of a team that has done its part of a layer waits for the others by spinning, by default
// for some 15 ms, which on a machine that does anything else keeps a core from the very thread that
// is waited for: beside one busy process two threads trained six to forty times slower. Where
// the environment says nothing of it, starts the program anew, with the same arguments, with waits
// of some 0.15 ms (the runtime reads its environment before main, and never again). First in main,
// before any thread; where it cannot be done, nothing changes.
void wait_briefly(char** arguments);

// From here on, oneDNN's calls from this thread compute with `count` threads.
void use_threads(std::size_t count);

// Calls work(context, part) for every part in [0, parts), each on one thread of a team of as many,
// and returns when all are done. The team is oneDNN's own: threads of two teams would take each
// other's cores while they wait for work. Which thread has which part is not promised.
void share_out(std::size_t parts, void (*work)(void* context, std::size_t part), void* context);

template <typename Action>
void for_parts(std::size_t parts, Action action) {
  share_out(
      parts, [](void* context, std::size_t part) { (*static_cast<Action*>(context))(part); },
      &action);
}

}  // namespace kernels::cpu
