// Pairwise averaging: each meeting is the exact average of what the two had, weights stay one, and
// no sum changes, whoever asks whom and whatever comes between.

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "gossip/exchange.h"
#include "gossip/mass.h"
#include "gossip/requests.h"
#include "runtime/check.h"
#include "tests/support/deliveries.h"
#include "tests/support/far_backend.h"
#include "tests/support/snapshots.h"
#include "tests/support/take_all.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

using gossip::ParcelKind;
using runtime::PeerId;

namespace {

constexpr runtime::Instant kNow{};

gossip::Parcel of_block(std::uint32_t block) {
  gossip::Parcel parcel = test::parcel_of<double>({1.0});
  parcel.block = block;
  return parcel;
}

// Peers of one number each, in two blocks (the second of them empty of meaning: always 1).
class Meetings {
 public:
  explicit Meetings(const std::vector<double>& starts) {
    for (const PeerId id : test::peers(starts.size())) {
      const std::vector<double> start = {starts[runtime::value_of(id)], 1.0};
      masses_.push_back(
          std::make_unique<gossip::Mass>(layout_, *backend_, std::span<const double>(start)));
      exchanges_.push_back(std::make_unique<gossip::Exchange>(
          gossip::ExchangeOptions{
              .self = {.id = id, .incarnation = 1, .fingerprint = test::kSender.fingerprint},
              .acknowledge = gossip::Acknowledge::kFolded,
              .probe_interval = runtime::Duration::zero()},
          layout_, gossip::Members(id, test::peers(starts.size()), kNow), kNow));
    }
  }

  gossip::Exchange& exchange(std::size_t peer) { return *exchanges_[peer]; }

  void push_half(std::size_t from, std::size_t to, bool asks) {
    const auto snapshot = masses_[from]->snapshot();
    const std::vector<std::uint32_t> blocks = {0, 1};
    exchanges_[from]->push(
        {.to = PeerId{to}, .share = 0.5, .snapshot = snapshot, .blocks = blocks, .asks = asks});
    for (const std::uint32_t block : blocks) masses_[from]->keep(*snapshot, block, 0.5);
  }
  void deliver(std::size_t from, std::size_t to) {
    for (const auto channel : {runtime::Channel::kControl, runtime::Channel::kBulk}) {
      while (const auto* frames = exchanges_[from]->next(PeerId{to}, channel, kNow)) {
        const auto decoded = gossip::decode({PeerId{from}, channel, *frames}, terms_);
        exchanges_[from]->sent(PeerId{to}, channel, kNow);
        REQUIRE(std::holds_alternative<gossip::Message>(decoded));
        exchanges_[to]->receive(std::get<gossip::Message>(decoded), 0, kNow);
      }
    }
  }
  // Answers one request, if one may be answered.
  bool answer(std::size_t peer) {
    const auto asker = exchanges_[peer]->next_request();
    if (!asker) return false;
    push_half(peer, runtime::value_of(*asker), false);
    exchanges_[peer]->admit_request(*asker);
    fold(peer);
    return true;
  }
  void fold(std::size_t peer) {
    exchanges_[peer]->begin_fold(0);
    test::fold_all(exchanges_[peer]->inbox(), layout_, 0, *masses_[peer]);
  }

  void meet(std::size_t active, std::size_t passive) {
    push_half(active, passive, true);
    deliver(active, passive);
    REQUIRE(answer(passive));
    deliver(passive, active);
    fold(active);
    deliver(active, passive);  // acknowledgements
  }

  [[nodiscard]] double x(std::size_t peer) const {
    std::array<double, 2> numbers{};
    masses_[peer]->numerator(std::span<double>(numbers));
    return numbers[0];
  }
  [[nodiscard]] double weight(std::size_t peer) const { return masses_[peer]->weight(0); }

 private:
  gossip::BlockLayout layout_{2, 8, kernels::Scalar::kF64};
  gossip::Terms terms_{.fingerprint = test::kSender.fingerprint,
                       .layout = &layout_,
                       .weight_max = 100.0,
                       .kind = ParcelKind::kRequest};
  std::unique_ptr<kernels::Backend> backend_ = test::reference_backend();
  std::vector<std::unique_ptr<gossip::Mass>> masses_;
  std::vector<std::unique_ptr<gossip::Exchange>> exchanges_;
};

}  // namespace

TEST_CASE("pairs (0,1), (2,3), (1,2), (3,0) of 0, 1, 2, 3 leave 1.5 everywhere") {
  Meetings peers({0.0, 1.0, 2.0, 3.0});
  const std::array<std::array<std::size_t, 2>, 4> pairs{{{0, 1}, {2, 3}, {1, 2}, {3, 0}}};
  for (const auto& [active, passive] : pairs) {
    peers.meet(active, passive);
    CHECK(peers.x(active) == peers.x(passive));
    CHECK(peers.x(0) + peers.x(1) + peers.x(2) + peers.x(3) == 6.0);
  }
  for (std::size_t peer = 0; peer < 4; ++peer) {
    CHECK(peers.x(peer) == 1.5);
    CHECK(peers.weight(peer) == 1.0);
    CHECK_FALSE(peers.exchange(peer).awaits_answer());
    CHECK(peers.exchange(peer).parcels_in_flight() == 0);
  }
}

TEST_CASE("who is asked by two at once answers one after the other, each exactly") {
  Meetings peers({0.0, 8.0, 4.0});
  peers.push_half(1, 0, true);
  peers.push_half(2, 0, true);
  peers.deliver(1, 0);
  peers.deliver(2, 0);
  CHECK(peers.exchange(0).mass_waiting() == 2.0);  // two halves of two blocks
  while (peers.answer(0)) {
  }
  for (const std::size_t asker : {1U, 2U}) {
    CHECK(peers.exchange(asker).awaits_answer());
    peers.deliver(0, asker);
    CHECK(peers.exchange(asker).awaits_answer());  // heard, and not folded yet
    peers.fold(asker);
    CHECK_FALSE(peers.exchange(asker).awaits_answer());
  }
  CHECK(peers.x(1) == 4.0);  // of 0 and 8
  CHECK(peers.x(2) == 4.0);  // of 4 and 4
  CHECK(peers.x(0) == 4.0);
  for (std::size_t peer = 0; peer < 3; ++peer) CHECK(peers.weight(peer) == 1.0);
}

TEST_CASE("mass that asks for nothing is answered by nobody, and no answer to another") {
  Meetings peers({0.0, 8.0, 4.0});
  peers.push_half(1, 0, true);
  peers.push_half(2, 1, false);  // as one that leaves
  peers.deliver(2, 1);
  peers.fold(1);
  CHECK_FALSE(peers.answer(1));
  CHECK(peers.exchange(1).awaits_answer());
  CHECK(peers.weight(1) == 1.0);  // half of its own, half of the third's
}

TEST_CASE("who is asked and goes leaves no wait, and what it was asked with returns") {
  Meetings peers({0.0, 8.0});
  peers.push_half(1, 0, true);
  peers.exchange(0).say_goodbye();
  peers.deliver(0, 1);
  CHECK_FALSE(peers.exchange(1).awaits_answer());
  peers.fold(1);
  CHECK(peers.weight(1) == 1.0);
  CHECK(peers.x(1) == 8.0);
}

TEST_CASE("who asks and goes is not answered, and what it asked with stays") {
  Meetings peers({0.0, 8.0});
  peers.push_half(1, 0, true);
  peers.deliver(1, 0);
  peers.exchange(1).say_goodbye();
  peers.deliver(1, 0);
  CHECK_FALSE(peers.answer(0));
  peers.fold(0);
  CHECK(peers.weight(0) == 1.5);
  CHECK(peers.x(0) == 4.0);
}

TEST_CASE("who closes its inbox answers nobody any more") {
  Meetings peers({0.0, 8.0});
  peers.push_half(1, 0, true);
  peers.deliver(1, 0);
  peers.exchange(0).close_inbox();
  CHECK_FALSE(peers.answer(0));
  peers.fold(0);
  CHECK(peers.weight(0) == 1.5);
}

TEST_CASE("a request is of every block once") {
  gossip::Requests requests(2);
  const auto anybody = [](PeerId) { return true; };
  CHECK(requests.add(PeerId{4}, of_block(1)));
  CHECK_FALSE(requests.add(PeerId{4}, of_block(1)));
  CHECK_FALSE(requests.next(anybody).has_value());
  CHECK(requests.add(PeerId{4}, of_block(0)));
  CHECK(requests.next(anybody) == PeerId{4});
  CHECK_FALSE(requests.next([](PeerId) { return false; }).has_value());
  CHECK(requests.weight() == 1.0);
  CHECK(requests.take(PeerId{4}).size() == 2);
  CHECK(requests.take(PeerId{4}).empty());
  CHECK(requests.weight() == 0.0);
}
