#include "gossip/coder.h"
#include "gossip/protocol/kinds.h"

namespace gossip {
namespace {

// Shares of the step that was just taken, as the codec has it. What the codec loses of it stays in
// x at once (immediate error compensation: LIEC-SGD, Cheng et al. 2024, without its server), so the
// mean of all x moves by the mean of all steps, exactly, on any graph. A step weighs nothing: no
// weight leaves one. What stays makes peers drift apart, so every so many rounds, and after the
// last step, all models are averaged, whole and as they are.
class Steps final : public Protocol {
 public:
  explicit Steps(const ProtocolOptions& options)
      : options_(options),
        everybody_(make_topology({.name = "complete"}).value()),
        alike_(make_weighting({.name = "uniform"}).value()),
        coder_(*options.codec, *options.layout, *options.backend) {}

  [[nodiscard]] Graph graph(std::uint64_t round) const override {
    return averages(round) ? Graph{everybody_.get(), alike_.get()} : options_.graph;
  }

  [[nodiscard]] std::shared_ptr<const Snapshot> offer(Mass& mass, const Offer& offer) override {
    if (averages(offer.round)) return mass.snapshot();
    coder_.begin(offer.seed, ParcelKind::kStep);
    for (const std::uint32_t block : offer.blocks) {
      const auto [offset, count] = options_.layout->range(block);
      if (!coder_.add(block, offer.step.slice(offset, count), 0.0)) break;
    }
    return coder_.finish();
  }

  void keep(Mass& mass, const Snapshot& offered, std::uint32_t block, double kept) override {
    if (offered.kind == ParcelKind::kMass) return mass.keep(block, kept);
    mass.add(block, kept - 1.0, coder_.read(block));
  }

 private:
  [[nodiscard]] bool averages(std::uint64_t round) const {
    return (round + 1) % options_.average_every == 0 || round >= options_.steps;
  }

  ProtocolOptions options_;
  std::unique_ptr<Topology> everybody_;
  std::unique_ptr<Weighting> alike_;
  Coder coder_;
};

}  // namespace

std::unique_ptr<Protocol> make_steps(const ProtocolOptions& options) {
  return std::make_unique<Steps>(options);
}

}  // namespace gossip
