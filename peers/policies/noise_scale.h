#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gossip/notes.h"
#include "gossip/report.h"
#include "models/parameter_tensor.h"
#include "peers/policies/host_copy.h"
#include "peers/policies/split_gradient.h"
#include "peers/policies/state_visitor.h"

namespace peers {

// Some layers that lie side by side, of which one noise scale is told.
struct LayerGroup {
  std::string name;  // "conv1", "fc1 to fc3"
  std::size_t offset = 0;
  std::size_t count = 0;
};

// A group a layer; where there are more than `groups_max`, layers beside each other together. One
// of all parameters where there are no tensors.
[[nodiscard]] std::vector<LayerGroup> layer_groups(std::span<const models::ParameterTensor> tensors,
                                                   std::size_t parameters, std::size_t groups_max);

// The advisor: how large a batch is worth its samples, measured every so many steps of a run. Local
// B_S is of this peer's samples; global of all peers', from notes that each tells of its last
// measurement: the mean of all |h|^2 over the squared norm of the mean of all mean gradients, by
// their sketches, less what their noise adds to it. Where shards differ global is smaller: mean
// gradients that disagree cancel, and their spread counts as noise of the whole. Sums are weighted
// exponentially, numerator and denominator each by itself. Advice is as good as estimates are
// close together; the trainer's thread.
class NoiseScale {
 public:
  static constexpr std::size_t kGroupsMax = 8;

  NoiseScale(std::uint64_t every, std::vector<LayerGroup> groups, kernels::Backend& backend);

  [[nodiscard]] bool due(std::uint64_t step) const { return (step + 1) % every_ == 0; }
  void add(const SplitGradient& gradient);

  // What all are to know; empty: nothing new.
  [[nodiscard]] std::optional<gossip::Note> note();
  // What all say, this peer included, once a measurement.
  [[nodiscard]] bool listens() const { return unheard_; }
  void hear(std::span<const gossip::SharedNote> notes);

  // The first is of all parameters. Empty before the first measurement.
  [[nodiscard]] const std::vector<gossip::NoiseReport>& report() const { return report_; }
  void visit_state(StateVisitor& visitor);

 private:
  [[nodiscard]] std::size_t width() const;  // of a group's sketch
  void tell(std::size_t samples, kernels::ConstView mean, std::span<const NoiseSums> now);
  void make_report();

  std::uint64_t every_;
  std::vector<LayerGroup> groups_;
  std::vector<NoiseSums> local_;   // by group
  std::vector<NoiseSums> global_;  // by group
  bool measured_ = false;
  bool heard_ = false;    // anything of others
  bool unheard_ = false;  // measured, and not yet compared
  std::optional<gossip::Note> note_;
  HostCopy host_;
  std::vector<gossip::NoiseReport> report_;
};

}  // namespace peers
