#include "gossip/encoder.h"
#include "gossip/protocol/kinds.h"
#include "gossip/public_copy.h"
#include "kernels/vector.h"
#include "runtime/check.h"

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
        codec_(options.codec),
        layout_(options.layout),
        encoder_(*codec_, *layout_),
        said_(*layout_),
        scratch_(*layout_) {}

  [[nodiscard]] Graph graph(std::uint64_t /*round*/) const override { return graph_; }

  [[nodiscard]] std::shared_ptr<const Snapshot> offer(Mass& mass, const Offer& offer) override {
    encoder_.begin(offer.seed, ParcelKind::kDifference);
    for (const std::uint32_t block : offer.blocks) {
      const kernels::View difference = scratch_.view(block);
      kernels::vector::copy(mass.on_host(block), difference);
      kernels::vector::scale(mass.weight(block), difference);  // x
      said_.take_from(block, difference);
      const auto payload = encoder_.add(block, difference, mass.weight(block));
      if (payload.empty()) break;  // not finite: nothing of this is handed over
      CHECK(codec_->decode(payload, difference));
      encoder_.say(block, said_.add(block, difference));
    }
    return encoder_.finish();
  }

  void keep(Mass& mass, const Snapshot& offered, std::uint32_t block, double kept) override {
    const runtime::Frame& said = offered.said[block];
    mass.give(block, kept, 1.0,
              {said.bytes().data(), layout_->range(block).count, layout_->scalar()});
  }

 private:
  Graph graph_;
  const Codec* codec_;
  const BlockLayout* layout_;
  Encoder encoder_;
  PublicCopy said_;
  BlockScratch scratch_;
};

}  // namespace

std::unique_ptr<Protocol> make_differences(const ProtocolOptions& options) {
  return std::make_unique<Differences>(options);
}

}  // namespace gossip
