#include "gossip/coder.h"
#include "gossip/own_copy.h"
#include "gossip/protocol/kinds.h"

namespace gossip {
namespace {

// Shares of what x is said to be: what travels is only how far x has come from that. With x^ for
// what is said,
//
//   q = C(x - x^)    x^ += q    for a share a:  x -= a x^,  the receiver's x += a x^
//
// What the codec leaves unsaid stays in x. With shares that are doubly stochastic, times gamma,
// that is CHOCO-SGD (Koloskova et al. 2019: x += gamma sum_j w_ij (x^_j - x^_i)); with weights,
// quantized push-sum (Taheri et al. 2020). Differences shrink as peers come together, so that even
// a coarse codec lets them meet.
class Differences final : public Protocol {
 public:
  explicit Differences(const ProtocolOptions& options)
      : graph_(options.graph),
        layout_(options.layout),
        backend_(options.backend),
        coder_(*options.codec, *layout_, *backend_),
        said_(*layout_, *backend_),
        difference_(backend_->allocate(layout_->largest_block(), layout_->scalar())) {}

  [[nodiscard]] Graph graph(std::uint64_t /*round*/) const override { return graph_; }

  [[nodiscard]] std::shared_ptr<const Snapshot> offer(Mass& mass, const Offer& offer) override {
    coder_.begin(offer.seed, ParcelKind::kDifference);
    for (const std::uint32_t block : offer.blocks) {
      const kernels::View difference = difference_.view().slice(0, layout_->range(block).count);
      backend_->weighted_sum(mass.weight(block), mass.on_device(block), -1.0, said_.numbers(block),
                             difference);
      if (!coder_.add(block, difference, mass.weight(block))) break;
      said_.add(block, coder_.read(block));
      coder_.say(block, said_.on_host(block));
    }
    return coder_.finish();
  }

  // What is said has not changed since.
  void keep(Mass& mass, const Snapshot& /*offered*/, std::uint32_t block, double kept) override {
    mass.give(block, kept, 1.0, said_.numbers(block));
  }

 private:
  Graph graph_;
  const BlockLayout* layout_;
  kernels::Backend* backend_;
  Coder coder_;
  OwnCopy said_;
  kernels::Buffer difference_;  // of one block
};

}  // namespace

std::unique_ptr<Protocol> make_differences(const ProtocolOptions& options) {
  return std::make_unique<Differences>(options);
}

}  // namespace gossip
