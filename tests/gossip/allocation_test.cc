// What a push allocates, once a run is steady: nothing for each block that it is of, on its way
// from one mass to the other and back as an acknowledgement.

#include "tests/support/count_allocations.h"

#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "gossip/exchange.h"
#include "gossip/mass.h"
#include "tests/support/exchange_table.h"
#include "tests/support/far_backend.h"
#include "tests/support/snapshots.h"
#include "tests/support/take_all.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

namespace {

using gossip::Exchange;
using runtime::PeerId;

constexpr std::size_t kBlockBytes = 4096;

// Two peers with a model of so many blocks, of which one pushes to the other.
class Pair {
 public:
  explicit Pair(std::size_t blocks)
      : layout_(blocks * kBlockBytes / sizeof(float), kBlockBytes, kernels::Scalar::kF32),
        numbers_(layout_.parameter_count(), 1.0F),
        all_(test::all_blocks(layout_)) {}

  // In steps of so many rounds: what the last of them allocated.
  std::size_t allocations_of_round(int rounds) {
    std::size_t counted = 0;
    for (int i = 0; i < rounds; ++i) counted = count_allocations::in([this] { round(); });
    return counted;
  }
  [[nodiscard]] double weight() const { return from_.mean_weight() + to_.mean_weight(); }

 private:
  std::unique_ptr<Exchange> exchange(std::uint64_t id) {
    return std::make_unique<Exchange>(
        gossip::ExchangeOptions{.self = test::ExchangeTable::sender(PeerId{id}),
                                .acknowledge = gossip::Acknowledge::kFolded,
                                .probe_interval = runtime::Duration::zero()},
        layout_, gossip::Members(PeerId{id}, test::peers(2), test::at_ms(0)), test::at_ms(0));
  }

  void round() {
    from_.move(1.0, std::span<const float>(numbers_));  // so that z is written elsewhere
    {
      const auto snapshot = from_.snapshot(all_, round_);
      giver_->push(
          {.to = PeerId{1}, .round = round_++, .share = 0.5, .snapshot = snapshot, .blocks = all_});
      for (const std::uint32_t block : all_) from_.keep(*snapshot, block, 0.5);
    }
    pass(*giver_, *taker_);
    taker_->begin_fold(round_);
    test::fold_all(taker_->inbox(), layout_, round_, to_);
    pass(*taker_, *giver_);
    CHECK(giver_->quiet());
  }

  void pass(Exchange& from, Exchange& to) {
    for (const auto channel : {runtime::Channel::kControl, runtime::Channel::kBulk}) {
      while (const auto* frames = from.next(to.self().id, channel, test::at_ms(1))) {
        delivery_.from = from.self().id;
        delivery_.channel = channel;
        delivery_.frames = *frames;  // into the room of the last one
        from.sent(to.self().id, channel, test::at_ms(1));
        const auto decoded = gossip::decode(delivery_, terms_);
        to.receive(std::get<gossip::Message>(decoded), 0, test::at_ms(1));
        delivery_.frames.clear();
      }
    }
  }

  gossip::BlockLayout layout_;
  std::vector<float> numbers_;
  std::vector<std::uint32_t> all_;
  std::unique_ptr<kernels::Backend> backend_ = test::reference_backend();
  gossip::Mass from_{layout_, *backend_, std::span<const float>(numbers_)};
  gossip::Mass to_{layout_, *backend_, std::span<const float>(numbers_)};
  std::unique_ptr<Exchange> giver_ = exchange(0);
  std::unique_ptr<Exchange> taker_ = exchange(1);
  gossip::Terms terms_{
      .fingerprint = test::kSender.fingerprint, .layout = &layout_, .weight_max = 4.0};
  runtime::Delivery delivery_;
  std::uint64_t round_ = 0;
};

}  // namespace

TEST_CASE("a push of sixty-four blocks allocates no more than one of four") {
  Pair few(4);
  Pair many(64);
  const std::size_t of_few = few.allocations_of_round(8);
  const std::size_t of_many = many.allocations_of_round(8);
  CAPTURE(of_few);
  CHECK(of_many == of_few);
  CHECK(of_many < 32);
  CHECK(few.weight() == 2.0);
  CHECK(many.weight() == 2.0);
}
