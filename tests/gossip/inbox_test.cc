#include "gossip/inbox.h"

#include <algorithm>

#include "runtime/random.h"
#include "tests/support/snapshots.h"
#include "tests/support/take_all.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

using gossip::BlockArrival;
using gossip::BlockLayout;
using gossip::Inbox;
using gossip::Parcel;
using runtime::PeerId;

namespace {

const BlockLayout& two_blocks() {
  static const BlockLayout layout(3, 16, kernels::Scalar::kF64);  // 2 numbers and 1
  return layout;
}

Parcel parcel(std::uint32_t block, std::vector<double> x, double share = 0.5, double weight = 1.0) {
  Parcel made = test::parcel_of(x, share, weight);
  made.block = block;
  return made;
}

Parcel in_round(std::uint64_t round, std::uint64_t sequence, Parcel made) {
  made.round = round;
  made.sequence = sequence;
  return made;
}

test::Taken take_before(Inbox& inbox, std::uint64_t round) { return {inbox, two_blocks(), round}; }

std::vector<double> numbers_of(const BlockArrival& arrival) {
  const auto numbers = arrival.numbers.as<double>();
  std::vector<double> mass(numbers.begin(), numbers.end());
  for (double& number : mass) number *= arrival.factor;
  return mass;
}

}  // namespace

TEST_CASE("a new inbox is empty and gives nothing") {
  for (const Inbox::Order order : {Inbox::Order::kOnArrival, Inbox::Order::kByRound}) {
    Inbox inbox(two_blocks(), order);
    CHECK(inbox.empty());
    CHECK(inbox.weight() == 0.0);
    CHECK(take_before(inbox, 1).empty());
  }
}

TEST_CASE("a sum that is taken away is its taker's until it is given back") {
  Inbox inbox(two_blocks(), Inbox::Order::kOnArrival);
  CHECK_FALSE(inbox.take_away(0).has_value());
  inbox.add(PeerId{1}, parcel(0, {1.0, 2.0}));
  inbox.add(PeerId{2}, parcel(0, {3.0, 4.0}));
  auto owned = inbox.take_away(0);
  REQUIRE(owned.has_value());
  CHECK(owned->arrival.weight == 1.0);
  CHECK(inbox.empty());
  inbox.add(PeerId{1}, parcel(0, {9.0, 9.0}));
  static_cast<void>(inbox.take(0, 0));
  inbox.drop_taken();
  CHECK(numbers_of(owned->arrival) == std::vector{2.0, 3.0});
  inbox.give_back(std::move(owned->memory));
  inbox.add(PeerId{1}, parcel(1, {5.0}));
  CHECK(numbers_of(inbox.take_away(1)->arrival) == std::vector{2.5});
}

TEST_CASE("an inbox of a model without parameters works") {
  const BlockLayout nothing(0, 8, kernels::Scalar::kF32);
  Inbox inbox(nothing, Inbox::Order::kByRound);
  CHECK(inbox.complete(3, test::peers(2), test::all_blocks(nothing)));
  CHECK(test::Taken(inbox, nothing, 4).empty());
}

TEST_CASE("arrivals of one block add up, x and w by the same share") {
  Inbox inbox(two_blocks(), Inbox::Order::kOnArrival);
  inbox.add(PeerId{1}, parcel(0, {2.0, 4.0}, 0.5, 1.0));
  inbox.add(PeerId{2}, parcel(0, {8.0, 0.0}, 0.25, 2.0));
  CHECK_FALSE(inbox.empty());
  CHECK(inbox.weight() == 1.0);
  const auto arrivals = take_before(inbox, 1);
  REQUIRE(arrivals.size() == 1);
  CHECK(arrivals[0].block == 0);
  CHECK(arrivals[0].weight == 1.0);
  CHECK(numbers_of(arrivals[0]) == std::vector{5.0, 2.0});
  CHECK(inbox.empty());
  CHECK(inbox.weight() == 0.0);
}

TEST_CASE("what was taken stays as it is while more arrives, until the next take") {
  for (const Inbox::Order order : {Inbox::Order::kOnArrival, Inbox::Order::kByRound}) {
    Inbox inbox(two_blocks(), order);
    inbox.add(PeerId{1}, in_round(0, 0, parcel(0, {2.0, 4.0})));
    const BlockArrival first = inbox.take(0, 1).value();
    inbox.add(PeerId{1}, in_round(0, 1, parcel(0, {100.0, 100.0})));
    CHECK(numbers_of(first) == std::vector{1.0, 2.0});
    const BlockArrival second = inbox.take(0, 1).value();
    CHECK(numbers_of(second) == std::vector{50.0, 50.0});
    CHECK(inbox.empty());
  }
}

TEST_CASE("sums of an earlier take leave no trace in later ones") {
  Inbox inbox(two_blocks(), Inbox::Order::kOnArrival);
  for (int turn = 0; turn < 4; ++turn) {
    inbox.add(PeerId{1}, parcel(1, {6.0}));
    const auto arrivals = take_before(inbox, 1);
    REQUIRE(arrivals.size() == 1);
    CHECK(arrivals[0].block == 1);
    CHECK(arrivals[0].weight == 0.5);
    CHECK(numbers_of(arrivals[0]) == std::vector{3.0});
  }
}

TEST_CASE("what is taken back is there at once in either order") {
  for (const Inbox::Order order : {Inbox::Order::kOnArrival, Inbox::Order::kByRound}) {
    Inbox inbox(two_blocks(), order);
    inbox.take_back(in_round(9, 0, parcel(1, {6.0})));
    CHECK(inbox.weight() == 0.5);
    const auto arrivals = take_before(inbox, 1);
    REQUIRE(arrivals.size() == 1);
    CHECK(numbers_of(arrivals[0]) == std::vector{3.0});
  }
}

TEST_CASE("by round, parcels of later rounds wait for their round") {
  Inbox inbox(two_blocks(), Inbox::Order::kByRound);
  inbox.add(PeerId{1}, in_round(1, 0, parcel(0, {2.0, 2.0})));
  inbox.add(PeerId{1}, in_round(2, 1, parcel(0, {8.0, 8.0})));
  CHECK(inbox.weight() == 1.0);
  CHECK(take_before(inbox, 1).empty());
  CHECK(numbers_of(take_before(inbox, 2)[0]) == std::vector{1.0, 1.0});
  CHECK_FALSE(inbox.empty());
  CHECK(numbers_of(take_before(inbox, 3)[0]) == std::vector{4.0, 4.0});
  CHECK(inbox.empty());
}

TEST_CASE("by round, a parcel that comes late is in the next take") {
  Inbox inbox(two_blocks(), Inbox::Order::kByRound);
  CHECK(take_before(inbox, 6).empty());
  inbox.add(PeerId{1}, in_round(2, 0, parcel(1, {2.0})));
  CHECK(numbers_of(take_before(inbox, 7)[0]) == std::vector{1.0});
}

TEST_CASE("a round is complete once every block has come from each sender") {
  Inbox inbox(two_blocks(), Inbox::Order::kByRound);
  const std::vector both{0U, 1U};
  const std::vector senders{PeerId{1}, PeerId{2}};
  CHECK(inbox.complete(0, {}, both));
  CHECK_FALSE(inbox.complete(0, senders, both));
  inbox.add(PeerId{1}, in_round(0, 0, parcel(0, {1.0, 1.0})));
  inbox.add(PeerId{1}, in_round(0, 1, parcel(1, {1.0})));
  inbox.add(PeerId{2}, in_round(0, 0, parcel(1, {1.0})));
  inbox.add(PeerId{2}, in_round(0, 1, parcel(1, {1.0})));  // the same block twice is not both
  inbox.add(PeerId{2}, in_round(1, 2, parcel(0, {1.0, 1.0})));
  CHECK(inbox.complete(0, std::vector{PeerId{1}}, both));
  CHECK_FALSE(inbox.complete(0, senders, both));
  CHECK_FALSE(inbox.complete(1, senders, both));
  inbox.add(PeerId{2}, in_round(0, 3, parcel(0, {1.0, 1.0})));
  CHECK(inbox.complete(0, senders, both));
}

TEST_CASE("a round of some blocks is complete without the others") {
  Inbox inbox(two_blocks(), Inbox::Order::kByRound);
  const std::vector senders{PeerId{1}};
  CHECK(inbox.complete(0, senders, {}));
  inbox.add(PeerId{1}, in_round(0, 0, parcel(1, {1.0})));
  CHECK(inbox.complete(0, senders, std::vector{1U}));
  CHECK_FALSE(inbox.complete(0, senders, std::vector{0U}));
}

TEST_CASE("by round, an inbox takes no parcel too many rounds ahead") {
  Inbox inbox(two_blocks(), Inbox::Order::kByRound);
  CHECK(inbox.has_room(Inbox::kRoundsAheadMax));
  CHECK_FALSE(inbox.has_room(Inbox::kRoundsAheadMax + 1));
  CHECK_FALSE(inbox.has_room(~std::uint64_t{0}));
  (void)take_before(inbox, 2);
  CHECK(inbox.has_room(Inbox::kRoundsAheadMax + 1));
  CHECK(inbox.has_room(0));
  CHECK(Inbox(two_blocks(), Inbox::Order::kOnArrival).has_room(~std::uint64_t{0}));
}

TEST_CASE("by round, the sums are the same to the bit in whatever order parcels arrive") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    runtime::Random random(seed);
    struct Arrival {
      PeerId from{};
      Parcel parcel;
    };
    std::vector<Arrival> arrivals;
    for (std::uint64_t sender = 0; sender < 5; ++sender)
      for (std::uint64_t round = 0; round < 3; ++round)
        arrivals.push_back(
            {PeerId{sender}, in_round(round, round,
                                      parcel(1, {random.normal() * 1e6}, random.uniform(0.01, 1.0),
                                             random.uniform(0.01, 1.0)))});
    const auto sum_of = [&] {
      Inbox inbox(two_blocks(), Inbox::Order::kByRound);
      for (const Arrival& arrival : arrivals) inbox.add(arrival.from, arrival.parcel);
      const BlockArrival sum = inbox.take(1, 3).value();
      return std::pair(numbers_of(sum)[0], sum.weight);
    };
    const auto in_order = sum_of();
    for (int turn = 0; turn < 5; ++turn) {
      random.shuffle(std::span(arrivals));
      CHECK(sum_of() == in_order);
    }
  }
}

TEST_CASE("float parameters add up in float, their weights in double") {
  const BlockLayout layout(2, 8, kernels::Scalar::kF32);
  Inbox inbox(layout, Inbox::Order::kOnArrival);
  inbox.add(PeerId{1}, test::parcel_of<float>({1.0F, 2.0F}, 0.5, 0.3));
  inbox.add(PeerId{2}, test::parcel_of<float>({1.0F, 2.0F}, 0.5, 0.1));
  const BlockArrival sum = inbox.take(0, 1).value();
  CHECK(sum.weight == 0.5 * 0.3 + 0.5 * 0.1);
  CHECK(sum.numbers.as<float>()[1] == 0.4F);
}

TEST_CASE("companions of an earlier era are void, whether they come or come back") {
  const BlockLayout layout(2, 16, kernels::Scalar::kF64, 1);  // block 1 is the companion's
  Inbox inbox(layout, Inbox::Order::kByRound);
  const auto add = [&](std::uint64_t sender, std::uint32_t block, std::uint64_t era) {
    Parcel made = in_round(4, 2 * sender + block, parcel(block, {1.0, 1.0}, 0.5));
    made.era = era;
    inbox.add(PeerId{sender}, made);
  };
  for (const std::uint32_t block : {0U, 1U}) {
    add(7, block, 1);
    add(8, block, 2);
  }
  inbox.take_back(parcel(0, {1.0, 1.0}));
  inbox.take_back(parcel(1, {1.0, 1.0}));
  CHECK(inbox.latest_era(4) == 0);
  CHECK(inbox.latest_era(5) == 2);
  inbox.begin_era(2);
  const test::Taken arrivals(inbox, layout, 5);
  REQUIRE(arrivals.size() == 2);
  CHECK(numbers_of(arrivals[0]) == std::vector{1.5, 1.5});
  CHECK(numbers_of(arrivals[1]) == std::vector{0.5, 0.5});
}
