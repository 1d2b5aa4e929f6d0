#include "peers/simulated_disk.h"

#include <utility>

#include "kernels/vector.h"
#include "peers/checkpoint_folder.h"
#include "peers/state.h"
#include "runtime/check.h"

namespace peers {

void SimulatedDisk::save(Assembly& assembly, kernels::Backend& backend,
                         const CheckpointNote& note) {
  PeerState state;
  capture(assembly.peer(), backend, state);
  if (!kernels::vector::all_finite(state.estimate.view())) return;
  const auto tensors = tensors_of(assembly.network(), assembly.objective().parameter_count());
  checkpoint_.clear();
  peer_checkpoint(note, state, tensors).pour([this](std::span<const std::byte> bytes) {
    checkpoint_.insert(checkpoint_.end(), bytes.begin(), bytes.end());
  });
  name_ = checkpoint_path(note.peer, note.step).string();
}

std::optional<CheckpointFile> SimulatedDisk::latest() const {
  if (checkpoint_.empty()) return std::nullopt;
  auto file = CheckpointFile::of(checkpoint_, name_);
  CHECK(file.ok());  // nothing damages it
  return std::move(file).value();
}

}  // namespace peers
