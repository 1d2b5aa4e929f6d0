#pragma once
// Averaging in rounds by any protocol that can, with any codec and any choice of blocks: mass,
// payloads and inboxes as a run has them, and no network in between.

#include <cmath>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gossip/block_choice.h"
#include "gossip/decoder.h"
#include "gossip/inbox.h"
#include "gossip/mass.h"
#include "gossip/protocol.h"
#include "gossip/topology.h"
#include "runtime/check.h"
#include "runtime/random.h"
#include "tests/support/far_backend.h"
#include "tests/support/snapshots.h"
#include "tests/support/take_all.h"

namespace test {

struct AveragingOptions {
  std::size_t peer_count = 10;
  std::size_t parameter_count = 50;
  std::size_t block_count = 1;
  std::string_view topology = "random-k";
  gossip::ParcelKind parcels = gossip::ParcelKind::kMass;
  std::string_view codec = "f32";
  double share_kept = 0.01;
  double damping = 1.0;
  double offset = 0.0;  // of all starting points, which are normal around it
  gossip::BlockChoice::Options blocks{};
  std::uint64_t seed = 1;
};

class AveragingRounds {
 public:
  explicit AveragingRounds(const AveragingOptions& options)
      : options_(options),
        layout_(options.parameter_count, 8 * options.parameter_count / options.block_count,
                kernels::Scalar::kF64),
        choice_(options.blocks, layout_.block_count()),
        topology_(gossip::make_topology(
                      {.name = std::string(options.topology), .seed = options.seed, .file = {}})
                      .value()),
        codec_(gossip::make_codec({options.codec, options.share_kept}).value()),
        decoder_(*codec_, layout_),
        members_(peers(options.peer_count)),
        mean_(options.parameter_count, 0.0) {
    runtime::Random random(options.seed, 99);
    for (std::size_t i = 0; i < options.peer_count; ++i) {
      std::vector<double> start(options.parameter_count);
      for (double& x : start) x = options.offset + random.normal();
      for (std::size_t k = 0; k < start.size(); ++k)
        mean_[k] += start[k] / static_cast<double>(options.peer_count);
      masses_.push_back(
          std::make_unique<gossip::Mass>(layout_, *backend_, std::span(start), codec_.get()));
      protocols_.push_back(gossip::make_protocol({.parcels = options.parcels,
                                                  .codec = codec_.get(),
                                                  .layout = &layout_,
                                                  .backend = backend_.get()}));
      inboxes_.push_back(std::make_unique<gossip::Inbox>(layout_, gossip::Inbox::Order::kByRound));
    }
    spread_at_start_ = spread();
  }

  void steps(int count) {
    for (int i = 0; i < count; ++i) step();
  }

  // sum |z - mean|^2 over all peers, relative to what it was at the start.
  [[nodiscard]] double error() const { return spread() / spread_at_start_; }

  // The largest change of a total: of w of any block, or of x of any parameter.
  [[nodiscard]] double mass_error() const {
    const auto count = static_cast<double>(masses_.size());
    std::vector<double> x(options_.parameter_count, 0.0);
    double worst = 0.0;
    for (std::uint32_t block = 0; block < layout_.block_count(); ++block) {
      double weight = 0.0;
      for (const auto& mass : masses_) weight += mass->weight(block);
      worst = std::max(worst, std::abs(weight - count));
    }
    for (const auto& mass : masses_) {
      const std::vector<double> z = estimate_of(*mass);
      for (std::uint32_t block = 0; block < layout_.block_count(); ++block) {
        const auto [offset, size] = layout_.range(block);
        for (std::size_t k = offset; k < offset + size; ++k) x[k] += z[k] * mass->weight(block);
      }
    }
    for (std::size_t k = 0; k < x.size(); ++k)
      worst = std::max(worst, std::abs(x[k] - count * mean_[k]));
    return worst;
  }

 private:
  void step() {
    const gossip::List<std::uint32_t> blocks = choice_.blocks(round_);
    const std::uint64_t graph = choice_.graph_round(round_);
    for (const runtime::PeerId self : members_) push(self, graph, blocks);
    for (std::size_t i = 0; i < masses_.size(); ++i) {
      CHECK(inboxes_[i]->complete(round_, topology_->in_neighbours(graph, members_, members_[i]),
                                  blocks));
      fold_all(*inboxes_[i], layout_, round_ + 1, *masses_[i]);
    }
    ++round_;
  }

  void push(runtime::PeerId self, std::uint64_t graph, std::span<const std::uint32_t> blocks) {
    gossip::Mass& mass = *masses_[runtime::value_of(self)];
    const auto receivers = topology_->out_neighbours(graph, members_, self);
    const double share = options_.damping / (static_cast<double>(receivers.size()) + 1.0);
    gossip::Protocol& protocol = *protocols_[runtime::value_of(self)];
    const auto snapshot = protocol.offer(mass, {.round = round_, .blocks = blocks, .seed = round_});
    for (const std::uint32_t block : blocks) {
      for (const runtime::PeerId to : receivers) {
        inboxes_[runtime::value_of(to)]->add(
            self, received({.round = round_,
                            .block = block,
                            .sequence = round_,
                            .share = share,
                            .weight = snapshot->weights[block],
                            .kind = snapshot->kind,
                            .codec = snapshot->codec,
                            .payload = snapshot->payload(block, layout_)}));
      }
      protocol.keep(mass, *snapshot, block, 1.0 - share * static_cast<double>(receivers.size()));
    }
  }

  // As it comes off the wire.
  [[nodiscard]] gossip::Parcel received(gossip::Parcel parcel) const {
    if (parcel.codec == gossip::CodecId::kF32) return parcel;
    parcel.payload = decoder_.numbers(parcel.payload, parcel.block).value();
    parcel.codec = gossip::CodecId::kF32;
    return parcel;
  }
  [[nodiscard]] std::vector<double> estimate_of(gossip::Mass& mass) const {
    const auto z = mass.estimate().as<double>();
    return {z.begin(), z.end()};
  }
  [[nodiscard]] double spread() const {
    double sum = 0.0;
    for (const auto& mass : masses_) {
      const std::vector<double> z = estimate_of(*mass);
      for (std::size_t k = 0; k < z.size(); ++k) sum += (z[k] - mean_[k]) * (z[k] - mean_[k]);
    }
    return sum;
  }

  AveragingOptions options_;
  gossip::BlockLayout layout_;
  gossip::BlockChoice choice_;
  std::unique_ptr<gossip::Topology> topology_;
  std::unique_ptr<gossip::Codec> codec_;
  gossip::Decoder decoder_;
  std::unique_ptr<kernels::Backend> backend_ = reference_backend();
  std::vector<runtime::PeerId> members_;
  std::vector<std::unique_ptr<gossip::Mass>> masses_;
  std::vector<std::unique_ptr<gossip::Protocol>> protocols_;
  std::vector<std::unique_ptr<gossip::Inbox>> inboxes_;
  std::vector<double> mean_;
  double spread_at_start_ = 1.0;
  std::uint64_t round_ = 0;
};

}  // namespace test
