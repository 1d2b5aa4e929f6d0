#pragma once

#include <span>
#include <vector>

#include "peers/policies/correction.h"
#include "peers/policies/host_copy.h"

namespace peers {

// FedAWARE (Zeng et al. 2023) without its server. What local steps have moved x by since the last
// mix, Delta = y - x, is remembered, m = (1 - memory) m + memory Delta, and what this peer brings
// to the mix instead of its steps is
//
//   x = y - rate gain N lambda m / |m|
//
// lambda solves the same problem at all peers: the shortest convex combination d of all their
// m_c / |m_c|, from sketches that travel as notes. N peers that bring N lambda_c m_c / |m_c| each
// have d for their average, so that any way of averaging, push-sum on any graph too, moves
// everybody's x along the one direction that descends for all. gain is 1 (as published: steps are
// as long as d, however far the peers went) or, `projected` (their plug-in form), <d0, d> / |d|^2
// with d0 the mean of all m_c: as far along d as the plain average would go.
//
// lambda is of the m that all have heard of: one mix old on a complete graph, and where notes need
// several mixes to reach everybody, peers' tables differ meanwhile: then d is a little longer or
// shorter, and the sum of x still moves by exactly what they bring. Until there is a note of every
// living peer, everybody brings its steps as they are. Rounds in step. Keeps m, y, and room.
class FedAware final : public Correction {
 public:
  FedAware(const CorrectionOptions& options, const VectorSpace& space);
  void correct(kernels::View /*gradient*/) override { stepped_ = true; }
  [[nodiscard]] std::optional<gossip::Note::Topic> topic() const override {
    return gossip::Note::Topic::kDirection;
  }
  void hear(const Heard& heard) override;
  void before_push(gossip::Mass& mass) override;
  void after_mix(gossip::Mass& mass, double learning_rate_sum) override;
  // What a peer brings next are its own steps, not the outer one.
  void after_outer(gossip::Mass& mass) override { mass.numerator(anchor_.view()); }
  [[nodiscard]] std::optional<gossip::Note> note() override;
  [[nodiscard]] double diversity() const override { return diversity_; }
  void visit_state(StateVisitor& visitor) override;

 private:
  struct Direction {
    double length = 0.0;  // |m|
    std::vector<float> sketch;
  };
  [[nodiscard]] Direction own_direction();
  [[nodiscard]] double gain(std::span<const Direction> all, std::span<const double> gram,
                            std::span<const double> lambda);
  void remember();

  double memory_;
  double rate_;
  bool projected_;
  std::size_t learned_;
  kernels::Buffer momentum_;  // m
  kernels::Buffer anchor_;    // y
  kernels::Buffer moved_;     // Delta, then what x is changed by
  kernels::Backend* backend_;
  HostCopy host_;
  bool known_ = false;    // m is of an update
  bool stepped_ = false;  // since the last mix
  bool said_ = true;      // what is known of m
  double scale_ = 0.0;    // rate gain N lambda; below 0: there is no lambda yet
  double diversity_ = 0.0;
};

}  // namespace peers
