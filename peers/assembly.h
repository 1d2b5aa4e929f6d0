#pragma once
// From a Config to the parts of a peer: what a process opens once, and what each peer in it owns.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gossip/layout.h"
#include "gossip/peer_list.h"
#include "kernels/open_backend.h"
#include "models/datasets/dataset.h"
#include "models/tasks.h"
#include "peers/config.h"
#include "peers/network_objective.h"
#include "peers/peer.h"
#include "peers/problem.h"
#include "runtime/result.h"

namespace peers {

// What all peers of one process share: the device, the graph, the data, the tables of a laboratory
// problem.
struct Surroundings {
  std::unique_ptr<kernels::Backend> backend;
  std::string notice;  // why a GPU was not taken, or bf16 is not to be had; empty: nothing to say
  std::unique_ptr<gossip::Topology> topology;

  // objective.kind = "network"
  models::DataSplit data;
  std::vector<std::vector<std::uint32_t>> parts;  // sample numbers of each part
  std::uint64_t partition_hash = 0;
  std::vector<models::Task> tasks;  // of several, one after another; empty: data is the only one

  ProblemTables tables;  // of a laboratory problem
};

// How many share what: the data of the run, and the cores of this machine.
struct Shares {
  std::size_t parts = 1;       // into which the data is cut
  std::size_t peers_here = 1;  // on this machine
};

// Opens the device and reads the data.
[[nodiscard]] runtime::Result<Surroundings> open_surroundings(const Config& config,
                                                              const Shares& shares);

// What layers' products are computed in, and what was asked for where it cannot be had:
// "f32 (bf16 asked)".
[[nodiscard]] std::string precision_text(std::string_view asked, kernels::Precision really);

// Why this machine would not compute in train.precision, for a person; empty where it would, and
// where the device cannot be opened at all.
[[nodiscard]] std::string precision_lack(const Config& config);

// The model that a run asks for, on samples as `data` has them.
[[nodiscard]] models::NetworkSpec network_spec(const Config& config, const models::Dataset& data);

// Compute threads of one peer: as configured, else an equal share of the cores.
[[nodiscard]] std::size_t threads_of(const Config& config, std::size_t peers_on_this_machine);

// Where one peer stands in its run.
struct Place {
  std::uint64_t index = 0;  // which part of the data, which row of a table
  runtime::PeerId id{};
  std::uint64_t incarnation = 1;  // which life of this id
  gossip::PeerList members;       // all, this one included
  std::string name{};
  runtime::Address address{};  // where others dial; empty: nobody new has to
  bool virtual_time = false;   // simulated: batches are made when they are asked for
};

// One peer and everything that is its own.
class Assembly {
 public:
  // `surroundings` outlives the assembly. Refused: a model that does not fit the data, a table with
  // too few rows, a topology for another number of peers.
  [[nodiscard]] static runtime::Result<std::unique_ptr<Assembly>> create(
      const Config& config, const Surroundings& surroundings, const Place& place,
      runtime::Instant now);
  Assembly(const Assembly&) = delete;
  Assembly& operator=(const Assembly&) = delete;
  ~Assembly() = default;

  [[nodiscard]] Peer& peer() { return *peer_; }
  [[nodiscard]] Objective& objective() { return *objective_; }
  [[nodiscard]] const models::Network* network() const {
    return network_;
  }  // none in the laboratory
  [[nodiscard]] const gossip::BlockLayout& layout() const { return *layout_; }
  // What all peers of the run must have alike, a "key = value" a line; the fingerprint is its hash.
  [[nodiscard]] const std::string& terms() const { return terms_; }
  // What model.init gave and did not give, in lines for a person; empty without it.
  [[nodiscard]] const std::vector<std::string>& start_notes() const { return start_notes_; }
  [[nodiscard]] std::uint64_t fingerprint() const { return fingerprint_; }
  [[nodiscard]] std::uint64_t steps() const { return steps_; }
  [[nodiscard]] std::uint64_t first_batch() const { return first_batch_; }   // samples of a step
  [[nodiscard]] double steps_per_epoch() const { return steps_per_epoch_; }  // 0 in the laboratory

 private:
  Assembly() = default;
  runtime::Status make_objective(const Config& config, const Surroundings& surroundings,
                                 const Place& place);
  runtime::Status make_gossip(const Config& config, const Place& place);
  runtime::Status make_optimizer_of(const PolicyConfig& policy, const VectorSpace& space);
  runtime::Status make_policy(const Config& config);
  void make_batches(const Config& config);
  [[nodiscard]] std::string terms_of(const Config& config) const;
  [[nodiscard]] std::optional<gossip::PartialViewOptions> view_of(const Config& config) const;
  [[nodiscard]] PeerOptions options_of(const Config& config, const Place& place) const;
  void make_peer(const Config& config, const Place& place, runtime::Instant now);

  kernels::Backend* backend_ = nullptr;
  std::unique_ptr<Objective> objective_;
  const models::Network* network_ = nullptr;
  std::unique_ptr<gossip::BlockLayout> layout_;
  const gossip::Topology* topology_ = nullptr;
  std::unique_ptr<gossip::Weighting> weighting_;
  std::unique_ptr<gossip::Codec> codec_;
  std::unique_ptr<gossip::Distances> distances_;
  std::unique_ptr<Optimizer> optimizer_;
  std::unique_ptr<Schedule> schedule_;
  std::unique_ptr<Regularizer> regularizer_;      // null: none
  std::unique_ptr<Regularizer> stage_anchor_;     // null: nothing is pulled
  std::unique_ptr<Correction> correction_;        // null: none
  std::unique_ptr<Outer> outer_;                  // null: none
  std::unique_ptr<Participation> participation_;  // null: all train in every period
  std::unique_ptr<BatchWatch> batches_;           // null: nobody looks at them
  std::unique_ptr<Peer> peer_;
  std::string terms_;
  std::vector<std::string> start_notes_;
  std::uint64_t vocabulary_hash_ = 0;  // of a text's characters
  std::uint64_t fingerprint_ = 0;
  std::uint64_t steps_ = 0;
  bool counts_epochs_ = false;  // the steps are those of train.epochs
  std::uint64_t first_batch_ = 1;
  std::uint64_t parts_ = 1;  // that the data is cut into
  double steps_per_epoch_ = 0.0;
};

}  // namespace peers
