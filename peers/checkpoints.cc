#include "peers/checkpoints.h"

#include <algorithm>

#include "peers/checkpoint_folder.h"
#include "peers/resume.h"

namespace peers {
namespace {

constexpr double kSoonerMax = 0.5;  // of the interval: a slow disk is not written to all the time

}  // namespace

CheckpointNote note_of(Assembly& assembly, const Config& config, const Identity& identity) {
  const Peer& peer = assembly.peer();
  return {.run = config.run,
          .peer = config.peer.name,
          .id = identity.id,
          .incarnation = identity.incarnation,
          .step = peer.step(),
          .round = peer.status().round,
          .weight = peer.weight(),
          .fingerprint = assembly.fingerprint(),
          .terms = assembly.terms(),
          .policy = policy_lines(config)};
}

Checkpoints::Checkpoints(const Parts& parts)
    : parts_(parts),
      writer_({.folder = checkpoint_folder(parts.folder),
               .keep = parts.config->checkpoint.keep,
               .tensors = tensors_of(parts.assembly->network(),
                                     parts.assembly->objective().parameter_count()),
               .clock = parts.clock}),
      saved_at_(parts.clock->now()) {}

CheckpointNote Checkpoints::note() const {
  return note_of(*parts_.assembly, *parts_.config, parts_.identity);
}

void Checkpoints::save_if_due(Peer& peer, runtime::Instant now) {
  if (const auto outcome = writer_.take_outcome()) record(*outcome);
  const double every = parts_.config->checkpoint.every_seconds;
  const double sooner = std::min(took_seconds_, kSoonerMax * every);
  if (every == 0.0 || peer.diverged() || runtime::to_seconds(now - saved_at_) < every - sooner)
    return;
  if (writer_.save(peer, *parts_.backend, note())) saved_at_ = now;
}

void Checkpoints::begin_last(Peer& peer) {
  if (const auto outcome = writer_.wait()) record(*outcome);
  static_cast<void>(writer_.save(peer, *parts_.backend, note()));  // it is idle
}

runtime::Status Checkpoints::finish_last() {
  const auto outcome = writer_.wait();
  if (!outcome) return {};
  record(*outcome);
  return outcome->status;
}

void Checkpoints::record(const CheckpointWriter::Outcome& outcome) {
  if (!outcome.status.ok()) {
    ++failed_;
    parts_.log->error("checkpoint of step {} not written ({} so far): {}", outcome.step, failed_,
                      outcome.status.error().message);
    parts_.metrics->write(parts_.clock->now(), "checkpoint",
                          {{"path", outcome.path.string()},
                           {"step", outcome.step},
                           {"error", outcome.status.error().message}});
    return;
  }
  took_seconds_ = outcome.stall_seconds + outcome.seconds;
  parts_.metrics->write(parts_.clock->now(), "checkpoint",
                        {{"path", outcome.path.string()},
                         {"step", outcome.step},
                         {"bytes", outcome.bytes},
                         {"seconds", outcome.seconds},
                         {"stall_seconds", outcome.stall_seconds}});
}

}  // namespace peers
