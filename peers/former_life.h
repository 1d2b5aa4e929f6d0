#pragma once

#include <optional>
#include <string>

#include "kernels/backend.h"
#include "peers/assembly.h"
#include "peers/checkpoint_file.h"
#include "peers/config.h"
#include "peers/identity_file.h"
#include "runtime/result.h"

namespace peers {

// What a peer that starts again has been, as values: who it is now, and what it goes on from. What
// of that lies where is FormerSelf's (a folder), and the simulator's (memory).
class FormerLife {
 public:
  // `checkpoint`: empty: it begins anew. `position`: whose place in the run it takes; empty: the
  // checkpoint's own.
  FormerLife(const Config& config, std::optional<CheckpointFile> checkpoint,
             std::optional<CheckpointFile> position);

  // `written`: who it was when it last started, where that is known; `fixed`: its id, where
  // somebody says it; `drawn`: where nobody does and it is new.
  [[nodiscard]] Identity identity_now(const std::optional<Identity>& written,
                                      const std::optional<runtime::PeerId>& fixed,
                                      runtime::PeerId drawn) const;

  // Of the checkpoint; empty: there is none.
  [[nodiscard]] std::optional<std::uint64_t> step() const;
  // Puts the checkpoint, if there is one, into a peer that has not begun: all of it or, for one
  // that joins a run, what that will not give it. Then lets go of its memory.
  [[nodiscard]] runtime::Status go_on(Assembly& assembly, kernels::Backend& backend, bool joins);

 private:
  std::string name_;    // of the peer
  std::string policy_;  // policy_lines()
  bool begins_anew_;    // whatever there is
  std::optional<CheckpointFile> checkpoint_;
  std::optional<CheckpointFile> position_;
};

}  // namespace peers
