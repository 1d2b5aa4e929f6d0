#include "peers/former_life.h"

#include <utility>

#include "peers/resume.h"

namespace peers {

FormerLife::FormerLife(const Config& config, std::optional<CheckpointFile> checkpoint,
                       std::optional<CheckpointFile> position)
    : name_(config.peer.name),
      policy_(policy_lines(config)),
      begins_anew_(config.checkpoint.resume == "none"),
      checkpoint_(std::move(checkpoint)),
      position_(std::move(position)) {}

Identity FormerLife::identity_now(const std::optional<Identity>& written,
                                  const std::optional<runtime::PeerId>& fixed,
                                  runtime::PeerId drawn) const {
  std::optional<Identity> last;
  if (checkpoint_ && checkpoint_->note().peer == name_)
    last = Identity{checkpoint_->note().id, checkpoint_->note().incarnation};
  // Who begins anew, under an id that nobody says, is somebody else.
  const bool known = !begins_anew_ || fixed.has_value();
  return next_identity(known ? written : std::nullopt, last, fixed, drawn);
}

std::optional<std::uint64_t> FormerLife::step() const {
  if (!checkpoint_) return std::nullopt;
  return checkpoint_->note().step;
}

runtime::Status FormerLife::go_on(Assembly& assembly, kernels::Backend& backend, bool joins) {
  if (!checkpoint_) return {};
  Resumption resumption({.assembly = &assembly,
                         .backend = &backend,
                         .file = &*checkpoint_,
                         .position = position_ ? &*position_ : nullptr,
                         .peer = name_,
                         .policy = policy_});
  if (auto resumed = joins ? resumption.restore_parts() : resumption.resume(); !resumed)
    return resumed;
  checkpoint_.reset();
  position_.reset();
  return {};
}

}  // namespace peers
