#pragma once
// When a peer writes checkpoints, and what is recorded of them.

#include <cstdint>
#include <filesystem>

#include "peers/assembly.h"
#include "peers/checkpoint_writer.h"
#include "peers/config.h"
#include "peers/identity_file.h"
#include "runtime/clock.h"
#include "runtime/log.h"
#include "runtime/metrics.h"

namespace peers {

// What a checkpoint of the assembly's peer, as it is now, says of it. Between rounds.
[[nodiscard]] CheckpointNote note_of(Assembly& assembly, const Config& config,
                                     const Identity& identity);

// The trainer's thread.
class Checkpoints {
 public:
  struct Parts {  // all outlive it
    Assembly* assembly = nullptr;
    kernels::Backend* backend = nullptr;
    runtime::Metrics* metrics = nullptr;
    const runtime::Log* log = nullptr;
    const runtime::Clock* clock = nullptr;
    const Config* config = nullptr;
    std::filesystem::path folder;  // the peer's
    Identity identity;
  };
  explicit Checkpoints(const Parts& parts);

  // Between rounds, so that there is always one that is no older than checkpoint.every_seconds:
  // each is begun as much sooner as the last took to be written. What cannot be written costs the
  // run nothing but the checkpoint: an error in the log, a record, and it is tried again at the
  // next.
  void save_if_due(Peer& peer, runtime::Instant now);
  // The last one: of the peer as it is now; on the disk, or not to be written, when finish_last()
  // returns. What happens between the two does not wait for the disk.
  void begin_last(Peer& peer);
  [[nodiscard]] runtime::Status finish_last();
  [[nodiscard]] std::uint64_t failed() const { return failed_; }  // could not be written, so far

 private:
  [[nodiscard]] CheckpointNote note() const;
  void record(const CheckpointWriter::Outcome& outcome);

  Parts parts_;
  CheckpointWriter writer_;
  runtime::Instant saved_at_;
  double took_seconds_ = 0.0;  // the last one, from its beginning until it was on the disk
  std::uint64_t failed_ = 0;
};

}  // namespace peers
