// Which parcels are too large to be true.
#include "gossip/norm_limit.h"

#include <limits>

#include "tests/support/exchange_table.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

namespace {

using gossip::NormLimit;
using gossip::Refusal;
using runtime::PeerId;
using test::at_ms;

// small_layout(): blocks of 2, 2 and 1 numbers. Ours: 3 and 4, nothing, 5.
std::vector<double> own() { return {25.0, 0.0, 25.0}; }

gossip::Parcel parcel_of(std::uint32_t block, double squared_norm, double weight = 1.0) {
  gossip::Parcel parcel;
  parcel.block = block;
  parcel.weight = weight;
  parcel.squared_norm = squared_norm;
  return parcel;
}

struct Row {
  std::uint32_t block;
  double squared_norm;
  double weight;
  bool refused;
};

}  // namespace

TEST_CASE("a block is held against one's own, and against the mean where that is less") {
  const double mean = 50.0 / 5.0;  // square, of a number
  const Row row = GENERATE_COPY(
      Row{0, 2.0 * 2.0 * 25.0, 1.0, false}, Row{0, 2.0 * 2.0 * 25.1, 1.0, true},
      Row{0, 100.0, 0.5, false}, Row{0, 100.1, 0.5, true},  // the estimate counts, not the mass
      Row{1, 4.0 * 2.0 * mean, 1.0, false}, Row{1, 4.0 * 2.0 * mean + 1.0, 1.0, true},
      Row{2, 4.0 * 25.0, 1.0, false}, Row{2, 0.0, 1.0, false},
      Row{0, std::numeric_limits<double>::infinity(), 1.0, true}, Row{0, 1.0, 1e-300, false});
  CAPTURE(row.block, row.squared_norm, row.weight);
  NormLimit limit(2.0);
  limit.note_own(own(), test::small_layout());
  CHECK(limit.refuses(parcel_of(row.block, row.squared_norm, row.weight), test::small_layout()) ==
        row.refused);
}

TEST_CASE(
    "nothing is refused without a limit, without a norm of one's own, or where that is zero") {
  const gossip::Parcel huge = parcel_of(0, 1e30);
  NormLimit none(0.0);
  none.note_own(own(), test::small_layout());
  CHECK_FALSE(none.refuses(huge, test::small_layout()));
  NormLimit limit(2.0);
  CHECK_FALSE(limit.refuses(huge, test::small_layout()));
  limit.note_own({0.0, 0.0, 0.0}, test::small_layout());
  CHECK_FALSE(limit.refuses(huge, test::small_layout()));
}

TEST_CASE("an outlier is refused by name and changes no mass; its sender keeps it") {
  gossip::Exchange exchange({.self = test::ExchangeTable::sender(PeerId{1}), .norm_limit = 3.0},
                            test::small_layout(),
                            gossip::Members(PeerId{1}, test::peers(2), at_ms(0)), at_ms(0));
  exchange.note_own(nullptr, {2.0, 2.0, 1.0});  // of ones
  test::ExchangeTable table(2);
  table.push(0, 1);  // 1, 2 | 3, 4 | 5
  const gossip::Terms terms{.fingerprint = test::kSender.fingerprint,
                            .layout = &test::small_layout(),
                            .weight_max = test::kWeightMax,
                            .sketch_size = test::kSketchSize,
                            .norms = true};
  for (const runtime::Delivery& delivery : table.take(0, 1, at_ms(1))) {
    const auto decoded = gossip::decode(delivery, terms);
    const auto* message = std::get_if<gossip::Message>(&decoded);
    REQUIRE(message != nullptr);
    exchange.receive(*message, 1, at_ms(1));
  }
  CHECK(exchange.traffic().parcels_received == 1);  // 1, 2: a root mean square of 1.6
  CHECK(exchange.inbox().weight() == 0.5);
  const auto events = exchange.take_events();
  REQUIRE(events.size() == 2);  // 3, 4: 3.5. And 5: the second, so once more
  CHECK(std::get<gossip::RefusalEvent>(events[1]).reason == Refusal::kOutlier);
  CHECK(std::get<gossip::RefusalEvent>(events[1]).count == 2);
  CHECK(table[0].mass_in_flight() == 1.5);
}
