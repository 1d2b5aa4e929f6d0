#pragma once
// A newcomer's end of the talk that takes it into a run: gossip::Joining over any transport.
// Neither waits nor asks the time; join_run does, and the simulator.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "gossip/joining.h"
#include "gossip/layout.h"
#include "gossip/wire.h"
#include "kernels/view.h"
#include "runtime/clock.h"
#include "runtime/peer_id.h"
#include "runtime/result.h"
#include "runtime/transport.h"

namespace peers {

struct Joined {
  std::vector<gossip::Contact> contacts{};  // who is there
  std::vector<std::byte> numbers{};         // the estimate, in the layout's scalar
  kernels::Scalar scalar = kernels::Scalar::kF32;
  std::uint64_t step = 0;  // that the run has come to
  bool begins = false;     // none of these: Joining::State::kBegins

  [[nodiscard]] kernels::ConstView estimate() const {
    return {numbers.data(), numbers.size() / kernels::bytes_of(scalar), scalar};
  }
};

class Newcomer {
 public:
  // `layout` outlives it.
  Newcomer(const gossip::JoiningOptions& options, const gossip::BlockLayout& layout);

  [[nodiscard]] gossip::Joining& joining() { return joining_; }

  // Hangs up, dials and says what is due. An Error: one of the seeds that were given at the start
  // cannot be dialled; others may not be authorized here.
  runtime::Status talk(runtime::Transport& transport, runtime::Instant now);
  // Hears what has come, a few messages of it. True: it was of this run.
  bool listen(runtime::Transport& transport, runtime::Instant now);
  void hang_up(runtime::Transport& transport);

  [[nodiscard]] Joined joined() const;  // Joining::State::kReady

 private:
  [[nodiscard]] bool was_given(runtime::PeerId seed) const;

  gossip::Joining joining_;
  std::size_t seeds_given_;
  std::vector<runtime::PeerId> dialled_;
  gossip::Terms terms_;
  std::vector<gossip::Joining::Outgoing> unsent_;
};

}  // namespace peers
