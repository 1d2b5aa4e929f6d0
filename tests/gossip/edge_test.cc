#include "gossip/edge.h"
#include "gossip/digest.h"

#include <algorithm>
#include <chrono>
#include <set>

#include "runtime/random.h"
#include "tests/support/snapshots.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

using gossip::BlockLayout;
using gossip::InEdge;
using gossip::OutEdge;
using gossip::Parcel;
using runtime::Instant;
using std::chrono::seconds;

namespace {

const BlockLayout& three_blocks() {
  static const BlockLayout layout(5, 16, kernels::Scalar::kF64);  // 2, 2 and 1 numbers
  return layout;
}

Instant at(std::int64_t second) { return Instant(seconds(second)); }

// Half of these blocks.
std::shared_ptr<const gossip::Snapshot> push(OutEdge& edge, std::uint64_t round,
                                             const std::vector<std::uint32_t>& blocks) {
  const auto snapshot = test::snapshot_of<double>(three_blocks(), {1, 2, 3, 4, 5}, 0.75);
  edge.push({.to = runtime::PeerId{1},
             .round = round,
             .share = 0.5,
             .snapshot = snapshot,
             .blocks = blocks},
            at(0));
  return snapshot;
}

OutEdge edge_with(std::size_t pushes_in_flight_max) {
  return {{.pushes_in_flight_max = pushes_in_flight_max,
           .resend_after = seconds(1),
           .resend_after_max = seconds(8)},
          three_blocks()};
}

// Sends all that is due and returns the sequence numbers.
std::vector<std::uint64_t> send_due(OutEdge& edge, Instant now) {
  std::vector<std::uint64_t> sent;
  while (const Parcel* parcel = edge.next(now)) {
    sent.push_back(parcel->sequence);
    edge.sent(now);
  }
  return sent;
}

using Numbers = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("a new edge has nothing to send and nothing in flight") {
  OutEdge edge = edge_with(2);
  CHECK(edge.has_room(at(0)));
  CHECK(edge.next(at(0)) == nullptr);
  CHECK(edge.in_flight() == 0);
  CHECK(edge.mass_in_flight() == 0.0);
  CHECK_FALSE(edge.resend_at(at(0)));
  CHECK(edge.take_back().empty());
}

TEST_CASE("a push is cut into one parcel a block, numbered from zero") {
  OutEdge edge = edge_with(2);
  push(edge, 7, {0, 2});
  const Parcel first = *edge.next(at(0));
  CHECK(first.round == 7);
  CHECK(first.sequence == 0);
  CHECK(first.block == 0);
  CHECK(first.share == 0.5);
  CHECK(first.weight == 0.75);
  CHECK(first.payload.size() == 16);
  CHECK(first.checksum == gossip::checksum(first.payload.bytes()));
  edge.sent(at(0));
  const Parcel second = *edge.next(at(0));
  CHECK(second.sequence == 1);
  CHECK(second.block == 2);
  double last = 0.0;
  REQUIRE(second.payload.size() == sizeof last);
  std::memcpy(&last, second.payload.bytes().data(), sizeof last);
  CHECK(last == 5.0);
  CHECK(edge.mass_in_flight() == 0.75);
}

TEST_CASE("parcels refer to the snapshot and do not copy it") {
  OutEdge edge = edge_with(2);
  const auto snapshot = push(edge, 0, {0, 1, 2});
  CHECK(edge.next(at(0))->payload.bytes().data() == snapshot->z.bytes().data());
}

TEST_CASE("a push of no blocks takes no room") {
  OutEdge edge = edge_with(1);
  push(edge, 0, {});
  CHECK(edge.has_room(at(0)));
  CHECK(edge.next(at(0)) == nullptr);
}

TEST_CASE("an edge is full at its bound of pushes, until the last parcel of one is folded") {
  OutEdge edge = edge_with(2);
  push(edge, 0, {0, 1, 2});
  CHECK(edge.has_room(at(0)));
  push(edge, 1, {0, 1, 2});
  CHECK_FALSE(edge.has_room(at(0)));
  CHECK(edge.acknowledge(1));
  CHECK(edge.acknowledge(4));
  CHECK(edge.acknowledge(0));
  CHECK_FALSE(edge.has_room(at(0)));
  CHECK(edge.acknowledge(2));
  CHECK(edge.has_room(at(0)));
  CHECK(edge.in_flight() == 2);
}

TEST_CASE("what has arrived is no longer in flight, and takes up room until it is folded") {
  OutEdge edge = edge_with(1);
  push(edge, 3, {0, 1});
  CHECK_FALSE(edge.arrived(0, at(1))->whole_push);
  CHECK(edge.mass_in_flight() == 0.375);
  const auto last = edge.arrived(1, at(1));
  CHECK(last->whole_push);
  CHECK(last->round == 3);
  CHECK_FALSE(edge.arrived(1, at(1)));
  CHECK(edge.in_flight() == 0);
  CHECK(edge.mass_in_flight() == 0.0);
  CHECK(edge.next(at(100)) == nullptr);
  CHECK_FALSE(edge.has_room(at(1)));
  CHECK_FALSE(edge.acknowledge(0));  // nothing new but the room
  CHECK_FALSE(edge.has_room(at(1)));
  CHECK_FALSE(edge.acknowledge(0));
  CHECK_FALSE(edge.has_room(at(1)));
  CHECK_FALSE(edge.acknowledge(1));
  CHECK(edge.has_room(at(1)));
}

TEST_CASE("what has arrived is its receiver's: it does not come back") {
  OutEdge edge = edge_with(2);
  push(edge, 0, {0, 1});
  CHECK(edge.arrived(0, at(0)));
  const std::vector<Parcel> back = edge.take_back();
  REQUIRE(back.size() == 1);
  CHECK(back[0].sequence == 1);
  CHECK(edge.has_room(at(0)));
}

TEST_CASE("where word of folding is lost the room comes back in time") {
  OutEdge edge = edge_with(1);
  push(edge, 0, {0, 1});
  CHECK(edge.arrived(1, at(0)));
  CHECK_FALSE(edge.has_room(at(100)));  // while one may still be on its way
  CHECK(edge.arrived(0, at(100)));
  CHECK_FALSE(edge.has_room(at(107)));
  CHECK(edge.has_room(at(108)));
  push(edge, 1, {0});
  CHECK(edge.arrived(2, at(109)));
  CHECK_FALSE(edge.acknowledge(0));  // late: of a push that is not waited for any more
  CHECK_FALSE(edge.has_room(at(109)));
  CHECK_FALSE(edge.acknowledge(2));
  CHECK(edge.has_room(at(109)));
  // Of one of two it comes before that it has arrived; of the other it is lost.
  push(edge, 2, {0, 1});
  CHECK(edge.arrived(3, at(110)));
  CHECK(edge.acknowledge(4)->whole_push);
  CHECK(edge.has_room(at(110)));
}

TEST_CASE("an acknowledgement counts once, and only for what is in flight") {
  OutEdge edge = edge_with(2);
  CHECK_FALSE(edge.acknowledge(0));
  push(edge, 0, {0});
  CHECK_FALSE(edge.acknowledge(1));
  CHECK(edge.acknowledge(0));
  CHECK_FALSE(edge.acknowledge(0));
  CHECK(edge.mass_in_flight() == 0.0);
}

TEST_CASE("a parcel stays the next one until it was sent") {
  OutEdge edge = edge_with(2);
  push(edge, 0, {0, 1});
  send_due(edge, at(0));
  push(edge, 1, {0});
  CHECK(edge.next(at(0))->sequence == 2);
  CHECK(edge.next(at(5))->sequence == 2);  // though the first are due again by now
  CHECK(edge.sent(at(5)));
  CHECK(edge.next(at(5))->sequence == 0);
}

TEST_CASE("a parcel that is acknowledged while offered makes way for the next") {
  OutEdge edge = edge_with(2);
  push(edge, 0, {0, 1});
  CHECK(edge.next(at(0))->sequence == 0);
  CHECK(edge.acknowledge(0));
  CHECK(edge.next(at(0))->sequence == 1);
}

TEST_CASE("a parcel is sent again until it is acknowledged, the waits doubling up to a bound") {
  OutEdge edge = edge_with(2);
  push(edge, 0, {0});
  std::vector<std::int64_t> sent_at;
  for (std::int64_t second = 0; second < 40; ++second)
    if (!send_due(edge, at(second)).empty()) sent_at.push_back(second);
  CHECK(sent_at == std::vector<std::int64_t>{0, 1, 3, 7, 15, 23, 31, 39});
  edge.acknowledge(0);
  CHECK(send_due(edge, at(1000)).empty());
}

TEST_CASE("only the first sending of a parcel counts as one") {
  OutEdge edge = edge_with(2);
  push(edge, 0, {0});
  REQUIRE(edge.next(at(0)) != nullptr);
  CHECK(edge.sent(at(0)));
  REQUIRE(edge.next(at(9)) != nullptr);
  CHECK_FALSE(edge.sent(at(9)));
}

TEST_CASE("what is due goes oldest first") {
  OutEdge edge = edge_with(3);
  push(edge, 0, {0, 1, 2});
  CHECK(send_due(edge, at(0)) == Numbers{0, 1, 2});
  push(edge, 1, {1});
  edge.acknowledge(1);
  CHECK(send_due(edge, at(1)) == Numbers{0, 2, 3});
}

TEST_CASE("the next resend is the earliest of those still to come") {
  OutEdge edge = edge_with(3);
  push(edge, 0, {0});
  CHECK_FALSE(edge.resend_at(at(0)));  // it was never sent: it needs no timer
  send_due(edge, at(0));
  push(edge, 1, {0});
  REQUIRE(edge.next(at(0)) != nullptr);
  edge.sent(at(0) + std::chrono::milliseconds(500));
  CHECK(edge.resend_at(at(0)) == at(1));
  CHECK(edge.resend_at(at(1)) == at(1) + std::chrono::milliseconds(500));
  CHECK_FALSE(edge.resend_at(at(2)));
}

TEST_CASE("taking back returns what was not acknowledged, oldest first, and empties the edge") {
  OutEdge edge = edge_with(2);
  push(edge, 0, {0, 1, 2});
  push(edge, 1, {0});
  send_due(edge, at(0));
  edge.acknowledge(1);
  REQUIRE(edge.next(at(1)) != nullptr);
  const std::vector<Parcel> parcels = edge.take_back();
  REQUIRE(parcels.size() == 3);
  CHECK(parcels[0].sequence == 0);
  CHECK(parcels[1].sequence == 2);
  CHECK(parcels[2].sequence == 3);
  CHECK(edge.in_flight() == 0);
  CHECK(edge.has_room(at(0)));
  CHECK(edge.next(at(100)) == nullptr);
}

TEST_CASE("a sender stays inside the receiver's window even with one parcel stuck") {
  const BlockLayout layout(InEdge::kWindow, 4, kernels::Scalar::kF32);
  OutEdge edge({.pushes_in_flight_max = 3}, layout);
  InEdge receiver;
  const std::vector<float> x(layout.parameter_count(), 1.0F);
  const auto snapshot = test::snapshot_of(layout, x);
  for (std::uint64_t round = 0; round < 2; ++round)
    edge.push(
        {.round = round, .share = 0.5, .snapshot = snapshot, .blocks = test::all_blocks(layout)},
        at(0));
  std::size_t booked = 0;
  while (const Parcel* parcel = edge.next(at(0))) {
    const std::uint64_t sequence = parcel->sequence;
    edge.sent(at(0));
    if (sequence == 0) continue;  // lost
    REQUIRE(receiver.book(1, sequence) == InEdge::Verdict::kNew);
    ++booked;
  }
  CHECK(booked == InEdge::kWindow - 1);
  CHECK(edge.in_flight() == 2 * InEdge::kWindow);
  edge.acknowledge(0);
  CHECK(edge.next(at(0))->sequence == InEdge::kWindow);
}

TEST_CASE("a receiver books each number once") {
  InEdge edge;
  CHECK_FALSE(edge.has_seen(1, 0));
  CHECK(edge.book(1, 0) == InEdge::Verdict::kNew);
  CHECK(edge.has_seen(1, 0));
  CHECK(edge.book(1, 0) == InEdge::Verdict::kSeen);
  CHECK(edge.book(1, 2) == InEdge::Verdict::kNew);
  CHECK(edge.book(1, 2) == InEdge::Verdict::kSeen);
  CHECK(edge.book(1, 1) == InEdge::Verdict::kNew);
  CHECK(edge.book(1, 1) == InEdge::Verdict::kSeen);
  CHECK_FALSE(edge.has_seen(1, 3));
}

TEST_CASE("numbers too far ahead of the oldest missing one are refused and not booked") {
  InEdge edge;
  CHECK(edge.book(1, InEdge::kWindow) == InEdge::Verdict::kOutOfWindow);
  CHECK(edge.book(1, ~std::uint64_t{0}) == InEdge::Verdict::kOutOfWindow);
  CHECK(edge.book(1, InEdge::kWindow - 1) == InEdge::Verdict::kNew);
  CHECK(edge.book(1, 0) == InEdge::Verdict::kNew);
  CHECK(edge.book(1, InEdge::kWindow) == InEdge::Verdict::kNew);
  CHECK(edge.book(1, InEdge::kWindow + 1) == InEdge::Verdict::kOutOfWindow);
}

TEST_CASE("a newer incarnation starts over, and of an older one all has been seen") {
  InEdge edge;
  CHECK(edge.book(5, 0) == InEdge::Verdict::kNew);
  CHECK(edge.book(5, 1) == InEdge::Verdict::kNew);
  CHECK(edge.book(6, 0) == InEdge::Verdict::kNew);
  CHECK(edge.book(5, 2) == InEdge::Verdict::kSeen);
  CHECK(edge.has_seen(5, 100));
  CHECK_FALSE(edge.has_seen(7, 0));
  CHECK(edge.book(6, 1) == InEdge::Verdict::kNew);
}

TEST_CASE("whatever the order and the repeats, every number is new exactly once") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    runtime::Random random(seed);
    Numbers arrivals;
    for (std::uint64_t sequence = 0; sequence < 500; ++sequence)
      arrivals.insert(arrivals.end(), 1 + random.below(3), sequence);
    random.shuffle(std::span(arrivals));
    InEdge edge;
    std::set<std::uint64_t> booked;
    for (const std::uint64_t sequence : arrivals) {
      const bool is_new = edge.book(1, sequence) == InEdge::Verdict::kNew;
      CHECK(is_new == booked.insert(sequence).second);
    }
    CHECK(booked.size() == 500);
  }
}

TEST_CASE("in a hurry a parcel that was sent again and again is sent every first wait") {
  OutEdge edge(
      {.pushes_in_flight_max = 1, .resend_after = seconds(1), .resend_after_max = seconds(16)},
      three_blocks());
  push(edge, 0, {0});
  for (const std::int64_t now : {0, 1, 3, 7, 15}) {
    REQUIRE(edge.next(at(now)) != nullptr);
    (void)edge.sent(at(now));
  }
  edge.hurry();
  CHECK(edge.next(at(30)) == nullptr);
  REQUIRE(edge.next(at(31)) != nullptr);  // as was planned before
  (void)edge.sent(at(31));
  for (std::int64_t now = 32; now < 40; ++now) {
    REQUIRE(edge.next(at(now)) != nullptr);
    (void)edge.sent(at(now));
    CHECK(edge.next(at(now)) == nullptr);
  }
}
