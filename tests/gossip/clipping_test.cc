// What is taken of a parcel that is far from one's own estimate.
#include "gossip/clipping.h"

#include <cmath>
#include <limits>

#include "gossip/inbox.h"
#include "runtime/random.h"
#include "tests/support/exchange_table.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

namespace {

using gossip::BlockLayout;
using gossip::Clipping;
using gossip::Inbox;
using gossip::Parcel;
using runtime::PeerId;
using test::at_ms;

constexpr double kLimit = 0.5;
const PeerId kOther{7};

// One's own mass: weight w, estimate z, in blocks of two numbers.
struct Own {
  Own(const BlockLayout& blocks, std::vector<double> estimate, double own_weight)
      : layout(&blocks), z(std::move(estimate)), weight(own_weight) {}

  [[nodiscard]] std::vector<double> squares() const {
    std::vector<double> squared(layout->block_count());
    for (std::size_t i = 0; i < z.size(); ++i) squared[i / layout->range(0).count] += z[i] * z[i];
    return squared;
  }
  void centre(Clipping& clipping) const {
    clipping.centre_on(test::snapshot_of(*layout, z, weight), squares());
  }

  const BlockLayout* layout;
  std::vector<double> z;
  double weight;
};

BlockLayout pairs_of(std::size_t count) { return {count, 16, kernels::Scalar::kF64}; }

Parcel parcel_at(const std::vector<double>& z, double weight, double share = 0.5) {
  return test::parcel_of(z, share, weight);
}

std::vector<double> estimate_of(const Parcel& parcel, const BlockLayout& layout) {
  const auto z = gossip::numbers_of(parcel, layout).as<double>();
  return {z.begin(), z.end()};
}

double distance(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0.0;
  for (std::size_t k = 0; k < a.size(); ++k) sum += (a[k] - b[k]) * (a[k] - b[k]);
  return std::sqrt(sum);
}

}  // namespace

TEST_CASE("without a limit, a centre or a norm of one's own a parcel is taken as it came") {
  const BlockLayout layout = pairs_of(2);
  const Parcel far = parcel_at({1e9, -1e9}, 1.0);
  Clipping unlimited(0.0, layout);
  Own(layout, {3.0, 4.0}, 1.0).centre(unlimited);
  CHECK(unlimited.clipped(kOther, far).payload.bytes().data() == far.payload.bytes().data());
  Clipping clipping(kLimit, layout);
  CHECK(clipping.clipped(kOther, far).payload.bytes().data() == far.payload.bytes().data());
  Own(layout, {0.0, 0.0}, 1.0).centre(clipping);
  CHECK(clipping.clipped(kOther, far).payload.bytes().data() == far.payload.bytes().data());
  CHECK(clipping.count() == 0);
}

TEST_CASE("a parcel within the radius is taken bit for bit, one beyond it at the radius") {
  const BlockLayout layout = pairs_of(2);
  runtime::Random random(GENERATE(1U, 2U, 3U));
  for (int draw = 0; draw < 200; ++draw) {
    const double own_weight = std::exp(random.uniform(-20.0, 3.0));
    const double weight = std::exp(random.uniform(-20.0, 7.0));
    const std::vector<double> own = {random.uniform(-9.0, 9.0), random.uniform(-9.0, 9.0)};
    const double radius = kLimit * std::hypot(own[0], own[1]);
    const double angle = random.uniform(0.0, 6.28);
    const double away = radius * std::exp(random.uniform(-3.0, 20.0));
    const std::vector<double> z = {own[0] + away * std::cos(angle),
                                   own[1] + away * std::sin(angle)};
    CAPTURE(own_weight, weight, radius, away);
    Clipping clipping(kLimit, layout);
    Own(layout, own, own_weight).centre(clipping);
    const Parcel parcel = parcel_at(z, weight);
    const Parcel taken = clipping.clipped(kOther, parcel);
    CHECK(taken.weight == parcel.weight);
    CHECK(taken.share == parcel.share);
    if (away < 0.999 * radius) {
      CHECK(taken.payload.bytes().data() == parcel.payload.bytes().data());
      CHECK(clipping.count() == 0);
    } else if (away > 1.001 * radius) {
      const std::vector<double> end = estimate_of(taken, layout);
      CHECK(distance(end, own) == Approx(radius).epsilon(1e-6));
      CHECK(distance(end, z) == Approx(away - radius).epsilon(1e-6));  // on the way there
      CHECK(clipping.count(kOther) == 1);
    }
  }
}

TEST_CASE("what is too far for a direction stands for one's own estimate") {
  const BlockLayout layout = pairs_of(2);
  Clipping clipping(kLimit, layout);
  const Own own(layout, {3.0, 4.0}, 0.5);
  own.centre(clipping);
  const double huge = std::numeric_limits<double>::max();
  const Parcel taken = clipping.clipped(kOther, test::parcel_of<double>({huge, -huge}, 0.5, 2.0));
  CHECK(distance(estimate_of(taken, layout), own.z) < 1e-12);
  CHECK(taken.mass() == 1.0);
}

TEST_CASE("each block has its radius, and parcels that were clipped are counted by sender") {
  const BlockLayout layout = pairs_of(4);
  Clipping clipping(kLimit, layout);
  Own(layout, {3.0, 4.0, 30.0, 40.0}, 1.0).centre(clipping);
  Parcel parcel = parcel_at({3.0, 28.0}, 1.0);  // 24 away
  CHECK(estimate_of(clipping.clipped(kOther, parcel), layout) != std::vector<double>{3.0, 28.0});
  parcel = parcel_at({30.0, 64.0}, 1.0);
  parcel.block = 1;
  CHECK(estimate_of(clipping.clipped(kOther, parcel), layout) == std::vector<double>{30.0, 64.0});
  parcel.block = 0;
  for (int i = 0; i < 4; ++i) static_cast<void>(clipping.clipped(kOther, parcel));
  static_cast<void>(clipping.clipped(PeerId{2}, parcel));
  CHECK(clipping.count() == 6);
  CHECK(clipping.count(kOther) == 5);
  CHECK(clipping.count(PeerId{3}) == 0);
  std::vector<std::uint64_t> told;
  for (const Clipping::Count& news : clipping.take_news()) told.push_back(news.count);
  CHECK(told == std::vector<std::uint64_t>{1, 2, 4, 1});
  CHECK(clipping.take_news().empty());
}

TEST_CASE("an attacker moves an estimate by no more than its share of the radius a parcel") {
  const BlockLayout layout = pairs_of(2);
  for (const auto order : {Inbox::Order::kOnArrival, Inbox::Order::kByRound}) {
    Clipping clipping(kLimit, layout);
    Inbox inbox(layout, order, &clipping);
    const Own own(layout, {3.0, 4.0}, 0.8);
    own.centre(clipping);
    inbox.add(kOther, parcel_at({1e12, 1e12}, 3.0, 0.25));
    CHECK(inbox.weight() == 0.75);
    const gossip::BlockArrival arrival = inbox.take(0, 1).value();
    const auto x = arrival.numbers.as<double>();
    std::vector<double> z = own.z;
    const double total = own.weight + 0.75;
    for (std::size_t k = 0; k < 2; ++k)
      z[k] = (own.weight * own.z[k] + arrival.factor * x[k]) / total;
    CHECK(distance(z, own.z) == Approx(0.75 / total * kLimit * 5.0).epsilon(1e-9));
  }
}

TEST_CASE("what comes back to its owner is not clipped") {
  const BlockLayout layout = pairs_of(2);
  Clipping clipping(kLimit, layout);
  Inbox inbox(layout, Inbox::Order::kOnArrival, &clipping);
  Own(layout, {3.0, 4.0}, 1.0).centre(clipping);
  inbox.take_back(parcel_at({900.0, 0.0}, 1.0));
  CHECK(inbox.take(0, 1)->numbers.as<double>()[0] == 900.0);
  CHECK(clipping.count() == 0);
}

TEST_CASE("in step what is clipped follows the estimate of the round, not the arrival") {
  const BlockLayout layout = pairs_of(2);
  std::vector<double> taken[2];
  for (const bool early : {true, false}) {
    Clipping clipping(kLimit, layout);
    Inbox inbox(layout, Inbox::Order::kByRound, &clipping);
    Own(layout, {3.0, 4.0}, 1.0).centre(clipping);
    if (early) inbox.add(kOther, parcel_at({90.0, 0.0}, 1.0));
    Own(layout, {4.0, 4.0}, 1.0).centre(clipping);
    if (!early) inbox.add(kOther, parcel_at({90.0, 0.0}, 1.0));
    const auto x = inbox.take(0, 1)->numbers.as<double>();
    taken[early ? 0 : 1].assign(x.begin(), x.end());
  }
  CHECK(taken[0] == taken[1]);
}

TEST_CASE("a member whose parcels are clipped is named, and no message of it is refused") {
  gossip::Exchange exchange({.self = test::ExchangeTable::sender(PeerId{1}),
                             .norm_limit = kLimit,
                             .norm_action = gossip::NormAction::kClip},
                            test::small_layout(),
                            gossip::Members(PeerId{1}, test::peers(2), at_ms(0)), at_ms(0));
  exchange.note_own(test::snapshot_of<double>(test::small_layout(), {1, 2, 3, 4, 1}),
                    {5.0, 25.0, 1.0});
  test::ExchangeTable table(2);
  table.push(0, 1);  // 1, 2 | 3, 4 | 5: the last block only is far
  for (const runtime::Delivery& delivery : table.take(0, 1, at_ms(1)))
    test::hear(exchange, delivery, at_ms(1));
  CHECK(exchange.traffic().messages_refused == 0);
  CHECK(exchange.inbox().weight() == 1.5);
  CHECK(exchange.parcels_clipped() == 1);
  const auto events = exchange.take_events();
  REQUIRE(events.size() == 1);
  CHECK(std::get<gossip::ClipEvent>(events[0]).peer == PeerId{0});
  CHECK(std::get<gossip::ClipEvent>(events[0]).count == 1);
  CHECK(exchange.member_reports(at_ms(2)).at(0).edge.clipped == 1);
  const auto next = exchange.next_life(at_ms(3));
  CHECK(next->parcels_clipped() == 1);
}
