#include "peers/former_self.h"

#include <fmt/format.h>

#include <utility>

#include "peers/resume.h"
#include "peers/run_folder.h"

namespace peers {

using runtime::Result;
using runtime::Status;

FormerSelf::FormerSelf(const Config& config, const runtime::Log& log, FolderLock lock)
    : config_(&config), log_(&log), folder_(peer_folder(config)), lock_(std::move(lock)) {}

Result<FormerSelf> FormerSelf::look(const Config& config, const runtime::Log& log) {
  const std::filesystem::path folder = peer_folder(config);
  if (auto made = make_peer_folder(folder); !made) return made.error();
  auto lock = FolderLock::take(folder);
  if (!lock) return lock.error();
  return FormerSelf(config, log, std::move(lock).value());
}

Status FormerSelf::find(const PeerStart& start) {
  const auto put_away = prepare_peer_folder(folder_, *config_);
  if (!put_away) return put_away.error();
  if (*put_away > 0) {
    log_->warn(
        "checkpoint.resume = \"none\": {} checkpoints of an earlier run are now in "
        "checkpoints/earlier/",
        *put_away);
  }
  auto found = find_checkpoint(*config_, folder_, *log_);
  if (!found) return found.error();
  if (*found) resumed_from_ = (*found)->path().string();
  std::optional<CheckpointFile> position;
  if (!start.position.empty()) {
    auto read = CheckpointFile::read(start.position);
    if (!read) return read.error();
    position.emplace(std::move(read).value());
  }
  life_.emplace(*config_, std::move(found).value(), std::move(position));
  return {};
}

Result<Identity> FormerSelf::become(const std::optional<runtime::PeerId>& fixed,
                                    runtime::PeerId drawn) const {
  const Identity now = life_->identity_now(read_identity(folder_), fixed, drawn);
  if (const Status written = write_identity(folder_, now); !written) return written.error();
  return now;
}

Status FormerSelf::go_on(Assembly& assembly, kernels::Backend& backend, bool joins) {
  if (!life_->step()) {
    if (config_->checkpoint.resume == "auto")
      log_->info("checkpoint.resume: no checkpoint in {}: begins anew", folder_.string());
    return {};
  }
  if (Status resumed = life_->go_on(assembly, backend, joins); !resumed) return resumed;
  log_->info("goes on from {}", resumed_from_);
  return {};
}

}  // namespace peers
