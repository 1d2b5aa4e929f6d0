#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "peers/assembly.h"
#include "peers/config.h"
#include "peers/folder_lock.h"
#include "peers/former_life.h"
#include "peers/identity_file.h"
#include "peers/run_peer.h"
#include "runtime/log.h"
#include "runtime/result.h"

namespace peers {

// What earlier starts have left in a peer's folder, which is this process's alone from here on: who
// it was, and what it goes on from.
class FormerSelf {
 public:
  // Makes the folder. `config` and `log` outlive it. Refused: another process's folder.
  [[nodiscard]] static runtime::Result<FormerSelf> look(const Config& config,
                                                        const runtime::Log& log);
  // Makes the folder ready for a run and finds the checkpoint to go on from, as checkpoint.resume
  // says. Refused: where there are some and none is whole.
  [[nodiscard]] runtime::Status find(const PeerStart& start);

  // Who the peer is now; returns once that is on the disk. `fixed`: its id, where somebody says it;
  // `drawn`: where nobody does and it is new.
  [[nodiscard]] runtime::Result<Identity> become(const std::optional<runtime::PeerId>& fixed,
                                                 runtime::PeerId drawn) const;

  // As FormerLife::go_on().
  [[nodiscard]] runtime::Status go_on(Assembly& assembly, kernels::Backend& backend, bool joins);

  // As FormerLife::step(), until go_on().
  [[nodiscard]] std::optional<std::uint64_t> step() const { return life_->step(); }

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] const std::string& resumed_from() const { return resumed_from_; }  // empty: nothing

 private:
  FormerSelf(const Config& config, const runtime::Log& log, FolderLock lock);

  const Config* config_;
  const runtime::Log* log_;
  std::filesystem::path folder_;
  FolderLock lock_;
  std::optional<FormerLife> life_;  // once it was found
  std::string resumed_from_;
};

}  // namespace peers
