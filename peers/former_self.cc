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
  checkpoint_ = std::move(found).value();
  if (checkpoint_) resumed_from_ = checkpoint_->path().string();
  if (start.position.empty()) return {};
  auto position = CheckpointFile::read(start.position);
  if (!position) return position.error();
  position_.emplace(std::move(position).value());
  return {};
}

Result<Identity> FormerSelf::become(const std::optional<runtime::PeerId>& fixed,
                                    runtime::PeerId drawn) const {
  std::optional<Identity> last;
  if (checkpoint_ && checkpoint_->note().peer == config_->peer.name)
    last = Identity{checkpoint_->note().id, checkpoint_->note().incarnation};
  // Who begins anew, under an id that nobody says, is somebody else.
  const bool known = config_->checkpoint.resume != "none" || fixed.has_value();
  const Identity now =
      next_identity(known ? read_identity(folder_) : std::nullopt, last, fixed, drawn);
  if (const Status written = write_identity(folder_, now); !written) return written.error();
  return now;
}

Status FormerSelf::go_on(Assembly& assembly, kernels::Backend& backend, bool joins) {
  if (!checkpoint_) {
    if (config_->checkpoint.resume == "auto")
      log_->info("checkpoint.resume: no checkpoint in {}: begins anew", folder_.string());
    return {};
  }
  Resumption resumption({.assembly = &assembly,
                         .backend = &backend,
                         .file = &*checkpoint_,
                         .position = position_ ? &*position_ : nullptr,
                         .peer = config_->peer.name,
                         .policy = policy_lines(*config_)});
  if (Status resumed = joins ? resumption.restore_parts() : resumption.resume(); !resumed)
    return resumed;
  log_->info("goes on from {}", resumed_from_);
  checkpoint_.reset();
  position_.reset();
  return {};
}

}  // namespace peers
