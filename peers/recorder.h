#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "peers/assembly.h"
#include "peers/driver.h"
#include "runtime/log.h"
#include "runtime/metrics.h"

namespace peers {

// Writes down what one peer does: progress about once a second, the test set after every few
// epochs, members that die or leave, messages that were refused.
class Recorder final : public Observer {
 public:
  struct Parts {
    Assembly* assembly = nullptr;
    runtime::Metrics* metrics = nullptr;
    const runtime::Log* log = nullptr;
    const runtime::Clock* clock = nullptr;
    std::uint64_t evaluate_every = 1;                           // epochs; 0: not before the end
    std::function<std::string(runtime::PeerId)> name_of;        // of a member
    std::function<void(Peer&, runtime::Instant)> now_and_then;  // what else is due between rounds
    std::function<void(Peer&)> keep_estimate;                   // of a peer that is about to leave
  };
  Recorder(Parts parts, runtime::Instant now);

  void after_step(Peer& peer, double loss, runtime::Instant now) override;
  void now_and_then(Peer& peer, runtime::Instant now) override;
  void waits(const Peer& peer, runtime::Duration so_far) override;
  void before_leaving(Peer& peer) override;

  void evaluate(Peer& peer);
  void write_progress(Peer& peer, runtime::Instant now);
  void write_events(Peer& peer, runtime::Instant now);

  [[nodiscard]] double epoch(double steps_worth) const;  // 0 in the laboratory
  [[nodiscard]] const std::optional<Quality>& last_quality() const { return last_quality_; }

 private:
  void write(const gossip::MemberEvent& member, runtime::Instant now);
  void write(const gossip::FrozenEvent& member, runtime::Instant now);
  void write(const gossip::RefusalEvent& refusal, runtime::Instant now);
  void write(const gossip::ClipEvent& clip, runtime::Instant now);
  void write(const gossip::StandingEvent& standing, runtime::Instant now);
  [[nodiscard]] std::string name_of(runtime::PeerId peer, const std::string& name) const;
  [[nodiscard]] std::string edges(const Peer& peer, runtime::Instant now) const;

  Parts parts_;
  runtime::Instant progress_at_;  // when the last progress was written
  double progress_worth_ = 0.0;   // and the steps it was of, as Peer::steps_worth()
  std::uint64_t evaluated_epochs_ = 0;
  runtime::Duration wait_mentioned_{0};  // how long one was when it was told of; 0: it was not
  std::optional<Quality> last_quality_;
  LearningWatch learning_;
};

}  // namespace peers
