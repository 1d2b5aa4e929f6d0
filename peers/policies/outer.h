#pragma once
// The second optimizer of a run with many local steps between pushes. A period and the mix after it
// have brought a peer from its anchor phi to the estimate z, and it takes phi - z for a gradient:
//
//   d = phi - z;  v = mu v + d;  phi = phi - rate (d + mu v)    nesterov
//                                phi = phi - rate v             heavy-ball
//
// The next period starts from phi. Where a mix is an exact average this is DiLoCo (Douillard et al.
// 2023, algorithm 1); with pairs and heavy-ball it is NoLoCo as its authors run it (Kolehmainen et
// al. 2025, gamma = beta). z holds the others' anchors as well as their progress, so one vector
// travels where both papers send two, and each peer's momentum is that of the way which the mixed
// model takes: peers' anchors are drawn together by every mix.

#include <memory>
#include <string_view>
#include <vector>

#include "kernels/view.h"
#include "peers/policies/state_visitor.h"
#include "peers/policies/vector_space.h"
#include "runtime/result.h"

namespace peers {

struct OuterOptions {
  std::string_view name = "none";
  double learning_rate = 0.7;
  double momentum = 0.9;  // mu, below 1
};

// The trainer's, as all parts of a policy. Keeps phi and v.
class Outer {
 public:
  Outer(const OuterOptions& options, const VectorSpace& space);
  Outer(const Outer&) = delete;
  Outer& operator=(const Outer&) = delete;
  ~Outer() = default;

  void start(kernels::ConstView estimate);  // the first anchor
  // `estimate`: what a period and its mix came to. Fills `delta`, the way from there to the new
  // anchor.
  void step(kernels::ConstView estimate, kernels::View delta);

  void visit_state(StateVisitor& visitor);  // all that it keeps

 private:
  double learning_rate_;
  double momentum_;
  bool nesterov_;
  kernels::Buffer anchor_;    // phi
  kernels::Buffer velocity_;  // v
  kernels::Backend* backend_;
};

// Null for "none".
[[nodiscard]] runtime::Result<std::unique_ptr<Outer>> make_outer(const OuterOptions& options,
                                                                 const VectorSpace& space);

[[nodiscard]] std::vector<std::string_view> outer_names();

}  // namespace peers
