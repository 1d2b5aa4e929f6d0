// Ends of the gossip that keep to a view of the members, message by message.
#include <algorithm>
#include <functional>
#include <set>
#include <vector>

#include "gossip/topology.h"
#include "tests/support/exchange_table.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

using runtime::PeerId;
using test::at_ms;
using test::ExchangeTable;

namespace {

constexpr gossip::PartialViewOptions kView{.neighbours_max = 3, .others_max = 5};

ExchangeTable table_of(std::size_t count) {
  return ExchangeTable(count, gossip::Inbox::Order::kOnArrival, gossip::Acknowledge::kArrived, true,
                       kView);
}

std::set<std::uint64_t> neighbours(ExchangeTable& table, std::uint64_t peer) {
  std::set<std::uint64_t> all;
  for (const PeerId other : table[peer].circle())
    if (other != PeerId{peer}) all.insert(runtime::value_of(other));
  return all;
}

// Time goes on, for all but `but`, who says and hears nothing.
void run(ExchangeTable& table, std::size_t count, std::int64_t from_ms, std::int64_t to_ms,
         std::uint64_t but = ~std::uint64_t{0}) {
  for (std::int64_t ms = from_ms; ms <= to_ms; ms += 100) {
    for (std::uint64_t peer = 0; peer < count; ++peer)
      if (peer != but) table[peer].tick(at_ms(ms));
    for (bool said = true; said;) {
      said = false;
      for (std::uint64_t from = 0; from < count; ++from)
        for (std::uint64_t to = 0; to < count; ++to) {
          if (from == to || from == but) continue;
          if (to == but) static_cast<void>(table.take(from, to, at_ms(ms)));
          if (to != but && table.pass(from, to, at_ms(ms)) > 0) said = true;
        }
    }
  }
}

std::size_t reached_from_first(ExchangeTable& table, std::uint64_t first) {
  std::set<std::uint64_t> reached{first};
  std::vector<std::uint64_t> waiting{first};
  while (!waiting.empty()) {
    const std::uint64_t peer = waiting.back();
    waiting.pop_back();
    for (const std::uint64_t other : neighbours(table, peer))
      if (reached.insert(other).second) waiting.push_back(other);
  }
  return reached.size();
}

}  // namespace

TEST_CASE("without a view the circle is all that live") {
  ExchangeTable table(5);
  CHECK(neighbours(table, 2) == std::set<std::uint64_t>{0, 1, 3, 4});
}

TEST_CASE(
    "before anybody has answered a view is oneself; then members who all began together "
    "make one overlay of few neighbours each") {
  constexpr std::size_t kPeers = 14;
  ExchangeTable table = table_of(kPeers);
  for (std::uint64_t peer = 0; peer < kPeers; ++peer) REQUIRE(neighbours(table, peer).empty());
  run(table, kPeers, 0, 10'000);
  for (std::uint64_t peer = 0; peer < kPeers; ++peer) {
    CAPTURE(peer);
    CHECK(neighbours(table, peer).size() <= 3);
    for (const std::uint64_t other : neighbours(table, peer))
      CHECK(neighbours(table, other).contains(peer));
    // Who is alive it knows of all the same.
    CHECK(table[peer].members().living().size() == kPeers);
  }
  CHECK(reached_from_first(table, 0) == kPeers);
}

TEST_CASE("who is found dead is in nobody's view, and its neighbours find others") {
  constexpr std::size_t kPeers = 10;
  ExchangeTable table = table_of(kPeers);
  run(table, kPeers, 0, 5'000);
  const std::set<std::uint64_t> left_behind = neighbours(table, 0);
  REQUIRE_FALSE(left_behind.empty());
  run(table, kPeers, 5'100, 20'000, 0);
  for (std::uint64_t peer = 1; peer < kPeers; ++peer) {
    CAPTURE(peer);
    CHECK_FALSE(table[peer].members().is_living(PeerId{0}));
    CHECK_FALSE(neighbours(table, peer).contains(0));
  }
  CHECK(reached_from_first(table, 1) == kPeers - 1);
}

TEST_CASE("who keeps to no view answers nothing about one") {
  ExchangeTable table(2);
  test::hear(table[0],
             test::delivery_of(gossip::ViewMessage{.kind = gossip::ViewMessage::Kind::kJoin},
                               ExchangeTable::sender(PeerId{1})),
             at_ms(0));
  CHECK(table.take(0, 1, at_ms(0)).empty());
  CHECK(table[0].traffic().messages_refused == 0);
}

TEST_CASE("whom a view names and nobody has heard of is not asked") {
  ExchangeTable table = table_of(2);
  run(table, 2, 0, 2'000);
  REQUIRE(neighbours(table, 0) == std::set<std::uint64_t>{1});
  test::hear(table[0],
             test::delivery_of(gossip::ViewMessage{.kind = gossip::ViewMessage::Kind::kDisconnect,
                                                   .about = PeerId{77}},
                               ExchangeTable::sender(PeerId{1})),
             at_ms(2'000));
  run(table, 2, 2'100, 6'000);
  CHECK(neighbours(table, 0) == std::set<std::uint64_t>{1});
  CHECK(neighbours(table, 1) == std::set<std::uint64_t>{0});
}

TEST_CASE("view draws among those it is given, as many as there may be, afresh every round") {
  const auto view = gossip::make_topology({.name = "view", .fanout = 2}).value();
  CHECK(view->of_view());
  CHECK_FALSE(view->symmetric());
  const std::vector<PeerId> circle{PeerId{2}, PeerId{5}, PeerId{8}, PeerId{13}};
  std::set<PeerId> drawn;
  for (std::uint64_t round = 0; round < 40; ++round) {
    const auto receivers = view->out_neighbours(round, circle, PeerId{5});
    CHECK(receivers == view->out_neighbours(round, circle, PeerId{5}));
    CHECK(receivers.size() == 2);
    CHECK(std::ranges::is_sorted(receivers));
    drawn.insert(receivers.begin(), receivers.end());
  }
  CHECK(drawn == std::set<PeerId>{PeerId{2}, PeerId{8}, PeerId{13}});
  CHECK(view->out_neighbours(0, std::vector{PeerId{5}}, PeerId{5}).empty());
  CHECK(view->out_neighbours(0, std::vector{PeerId{5}, PeerId{6}}, PeerId{5}) ==
        gossip::List<PeerId>{PeerId{6}});
}
