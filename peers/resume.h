#pragma once
// Going on from a checkpoint: which one, whether it is of this run, and what of it is taken.

#include <filesystem>
#include <optional>
#include <string>

#include "peers/assembly.h"
#include "peers/checkpoint_file.h"
#include "peers/config.h"
#include "runtime/log.h"
#include "runtime/result.h"

namespace peers {

// As checkpoint.resume says: none; the latest whole one in the peer's folder, if there is any; or
// the named file, which may be another peer's.
[[nodiscard]] runtime::Result<std::optional<CheckpointFile>> find_checkpoint(
    const Config& config, const std::filesystem::path& peer_folder, const runtime::Log& log);

// What a peer's state is made of, a "key = value" a line, beside the terms of the run.
[[nodiscard]] std::string policy_lines(const Config& config);

// Puts a checkpoint into a peer that has not begun. Refused: one of another run or, of the peer's
// own, of another policy; the message says line by line what differs.
class Resumption {
 public:
  struct Parts {  // all outlive it
    Assembly* assembly = nullptr;
    kernels::Backend* backend = nullptr;
    const CheckpointFile* file = nullptr;
    const CheckpointFile* position = nullptr;  // null: the same. In step all begin at one round
    std::string peer;                          // name; of another's file only the estimate is taken
    std::string policy;                        // policy_lines()
  };
  explicit Resumption(const Parts& parts) : parts_(parts) {}

  // The peer goes on from the file's estimate, at its step.
  [[nodiscard]] runtime::Status resume();
  // The estimate and the step will be the run's: puts back what the peer kept for itself.
  [[nodiscard]] runtime::Status restore_parts();

 private:
  [[nodiscard]] runtime::Status check() const;
  [[nodiscard]] bool is_own() const { return parts_.file->note().peer == parts_.peer; }
  [[nodiscard]] runtime::Result<PeerState> state_of(const CheckpointFile& file) const;
  [[nodiscard]] runtime::Status restored(const RestoringVisitor& visitor) const;

  Parts parts_;
};

}  // namespace peers
