#pragma once
// What fights the drift between peers whose data differ: the part of a policy that changes a
// gradient by what mixing has shown.

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "gossip/mass.h"
#include "gossip/notes.h"
#include "peers/policies/state_visitor.h"
#include "peers/policies/vector_space.h"
#include "runtime/result.h"

namespace peers {

// What it knows, it has read off the mass before and after mixing, or off others' notes. Each call
// is the trainer's.
class Correction {
 public:
  Correction() = default;
  virtual ~Correction() = default;
  Correction(const Correction&) = delete;
  Correction& operator=(const Correction&) = delete;

  // Changes a gradient (regularizers included) on its way to the optimizer, once for each time that
  // one is asked for.
  virtual void correct(kernels::View gradient) = 0;

  // The run starts, or goes on with mass that begins anew: nothing read off the mass holds.
  virtual void start(gossip::Mass& mass) { after_mix(mass, 0.0); }
  // Somebody has gone, and what all companions add up to with him: in `mass` they are again what
  // this peer alone would begin with.
  virtual void reset_companions(gossip::Mass& /*mass*/) {}
  // `mass` began anew, and this was put back to what it was then.
  virtual void restore_companions(gossip::Mass& /*mass*/) {}
  // What it would know of all peers, and tell them of this one; empty: it asks nobody.
  [[nodiscard]] virtual std::optional<gossip::Note::Topic> topic() const { return std::nullopt; }
  struct Heard {
    std::span<const gossip::SharedNote> notes;  // of that topic, of the living, in order
    std::size_t peers = 1;                      // living, this one included
    runtime::PeerId self{};
  };
  // Before each before_push() ...
  virtual void hear(const Heard& /*heard*/) {}
  // ... and after it, what to tell; empty: nothing new. `about` and `version` are the caller's.
  [[nodiscard]] virtual std::optional<gossip::Note> note() { return std::nullopt; }
  // sqrt(mean |m_c|^2) / |mean m_c| of what peers bring to a mix; 0: not known.
  [[nodiscard]] virtual double diversity() const { return 0.0; }

  // Shares of `mass` are about to be handed out. Its companions are the correction's to set.
  virtual void before_push(gossip::Mass& mass) = 0;
  // What the others made of it has been folded in. `learning_rate_sum`: of the local steps since
  // the last call; 0 for rounds without gradients.
  virtual void after_mix(gossip::Mass& mass, double learning_rate_sum) = 0;

  // After that: the outer optimizer has moved the estimate on.
  virtual void after_outer(gossip::Mass& /*mass*/) {}

  // All that it keeps.
  virtual void visit_state(StateVisitor& visitor) = 0;
};

struct CorrectionOptions {
  std::string_view name = "none";
  double damping = 0.5;   // vrl
  double momentum = 0.9;  // quasi-global-momentum
  bool nesterov = false;  // quasi-global-momentum
  double memory = 0.5;    // these three: fedaware
  double rate = 1.0;
  bool projected = true;
  std::size_t statistics = 0;  // the last so many parameters are not learned
};

// Null for "none".
[[nodiscard]] runtime::Result<std::unique_ptr<Correction>> make_correction(
    const CorrectionOptions& options, const VectorSpace& space);

[[nodiscard]] std::vector<std::string_view> correction_names();

}  // namespace peers
