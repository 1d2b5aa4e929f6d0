#pragma once
// Local descent with sampled participation (Haddadpour and Mahdavi 2019): in each
// period K of N peers, drawn anew without a server, take their local steps; the others keep still
// and only mix. What the K found is counted N / K times before it is pushed,
//
//   x += (N / K - 1) w (z - phi)    phi: the estimate that the period began from
//
// so that the mean over all N moves by the mean over the K, as the paper's server has it. Only what
// steps found is stretched, never what a mix brings: the stability of the mixing is the graph's.

#include <cstdint>
#include <memory>
#include <span>

#include "kernels/view.h"
#include "peers/policies/state_visitor.h"
#include "peers/policies/vector_space.h"
#include "runtime/peer_id.h"

namespace peers {

struct ParticipationOptions {
  std::uint64_t count = 1;  // K
  std::uint64_t seed = 1;   // the same for all peers, so that they draw the same K
};

// The trainer's, as all parts of a policy. Keeps phi.
class Participation {
 public:
  Participation(const ParticipationOptions& options, const VectorSpace& space);
  Participation(const Participation&) = delete;
  Participation& operator=(const Participation&) = delete;
  ~Participation() = default;

  // Of a period: `members` are who may be drawn, self among them.
  void begin(std::uint64_t period, std::span<const runtime::PeerId> members, runtime::PeerId self,
             kernels::ConstView estimate);
  void forget() { open_ = false; }  // the period, and what was found in it: as if none had begun
  [[nodiscard]] bool open() const { return open_; }
  [[nodiscard]] bool takes_part() const { return takes_part_; }

  // Ends the period. Fills `delta` with what the estimate still has to move by; false, and nothing
  // filled: there is nothing to add.
  [[nodiscard]] bool end(kernels::ConstView estimate, kernels::View delta);

  void visit_state(StateVisitor& visitor);  // all that it keeps

 private:
  ParticipationOptions options_;
  bool open_ = false;
  bool takes_part_ = true;
  double stretch_ = 1.0;    // N / K
  kernels::Buffer anchor_;  // phi
  kernels::Backend* backend_;
};

}  // namespace peers
