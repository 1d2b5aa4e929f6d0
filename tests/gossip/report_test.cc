// What a peer answers who asks about it.

#include "gossip/report.h"

#include "gossip/exchange.h"
#include "tests/support/exchange_table.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

using gossip::Inquiry;
using gossip::MemberState;
using gossip::Message;
using gossip::Refusal;
using gossip::Report;
using runtime::PeerId;
using test::a_report;
using test::at_ms;
using test::ExchangeTable;
using test::hear;

namespace {

std::variant<Message, Refusal> answered(const gossip::Body& body) {
  return gossip::decode_answer(gossip::encode(test::kSender, body));
}

gossip::MemberReport of(const gossip::Exchange& exchange, std::uint64_t peer, int ms) {
  for (const gossip::MemberReport& report : exchange.member_reports(at_ms(ms)))
    if (report.id == PeerId{peer}) return report;
  FAIL("not reported");
  return {};
}

}  // namespace

TEST_CASE("a report comes through, whoever sends it, with as many members as it may have") {
  for (const std::size_t members : {std::size_t{0}, std::size_t{3}, gossip::kReportedMax}) {
    CAPTURE(members);
    const auto frames = gossip::encode(test::kSender, a_report(members));
    CHECK(frames.at(0).size() <= gossip::kHeaderBytesMax);
    const auto decoded = gossip::decode_answer(frames);
    REQUIRE(std::holds_alternative<Message>(decoded));
    const Message& message = std::get<Message>(decoded);
    CHECK(message.from.incarnation == test::kSender.incarnation);
    const auto& report = std::get<Report>(message.body);
    CHECK(report.self == test::a_hello().self);
    CHECK(report.terms == "run = r\n");
    CHECK(report.progress.phase == gossip::Phase::kMixing);
    CHECK(report.steps == 9);
    CHECK(std::isnan(report.loss));
    CHECK(report.leaving);
    CHECK(report.precision == "f32 (bf16 asked)");
    CHECK(report.batch == 32);
    CHECK(report.parcels_clipped == 33);
    CHECK(report.noise == test::a_report(0).noise);
    CHECK(report.standing == gossip::Standing::kStarved);
    REQUIRE(report.members.size() == members);
    if (members == 0) continue;
    const gossip::MemberReport& last = report.members.back();
    CHECK(last.id == PeerId{members - 1});
    CHECK(last.state == MemberState::kSuspect);
    CHECK(last.progress.step == 5);
    CHECK(last.frozen);
    CHECK(last.silent_seconds == 0.25);
    CHECK(last.edge.parcels_in_flight == 6);
    CHECK(last.edge.refused == 8);
    CHECK(last.edge.clipped == 9);
  }
}

TEST_CASE("nothing but a report or a rejection is an answer") {
  CHECK(std::holds_alternative<Message>(answered(gossip::Rejection{"no"})));
  CHECK(std::get<Refusal>(answered(gossip::Goodbye{})) == Refusal::kMalformed);
  CHECK(std::get<Refusal>(answered(gossip::Request{1})) == Refusal::kMalformed);
  CHECK(std::get<Refusal>(answered(test::a_parcel())) == Refusal::kMalformed);
  CHECK(std::get<Refusal>(gossip::decode_answer({})) == Refusal::kMalformed);
}

TEST_CASE("who asks need not know the run, but has to speak in its own name") {
  gossip::Sender stranger = test::kSender;
  stranger.fingerprint = 1;
  for (const auto kind : {Inquiry::Kind::kStatus, Inquiry::Kind::kLeave}) {
    const auto decoded = test::decode(test::delivery_of(Inquiry{kind}, stranger));
    REQUIRE(std::holds_alternative<Message>(decoded));
    CHECK(std::get<Inquiry>(std::get<Message>(decoded).body).kind == kind);
  }
  runtime::Delivery delivery = test::delivery_of(Inquiry{}, stranger);
  delivery.from = PeerId{99};
  CHECK(std::get<Refusal>(test::decode(delivery)) == Refusal::kWrongSender);
}

TEST_CASE("a report that nobody asked for is refused") {
  ExchangeTable table(2);
  hear(table[0], test::delivery_of(a_report(1), {.id = PeerId{77}, .incarnation = 1}), at_ms(0));
  CHECK(table[0].traffic().messages_refused == 1);
  // A member's changes nothing.
  hear(table[0], test::delivery_of(a_report(1), ExchangeTable::sender(PeerId{1})), at_ms(0));
  CHECK(table[0].traffic().messages_refused == 1);
  CHECK(table[0].members().living().size() == 2);
}

TEST_CASE("a lone peer reports no members") {
  CHECK(ExchangeTable(1)[0].member_reports(at_ms(0)).empty());
}

TEST_CASE("what passes on an edge is reported by both its ends") {
  ExchangeTable table(3, gossip::Inbox::Order::kOnArrival, gossip::Acknowledge::kFolded);
  table[1].set_progress({.round = 9});
  table.push(0, 1, 4);
  CHECK(of(table[0], 1, 0).edge.parcels_in_flight == 3);
  for (int ms = 0; ms < 1000; ms += 10) {
    for (const std::uint64_t peer : {0U, 1U, 2U}) table[peer].tick(at_ms(ms));
    table.settle(at_ms(ms));
  }
  const gossip::EdgeReport sent = of(table[0], 1, 1000).edge;
  CHECK(sent.parcels_in_flight == 0);  // booked
  const double all = static_cast<double>(table[0].traffic().bytes_sent);
  CHECK(sent.bytes_sent_per_second > 0.3 * all);
  CHECK(sent.bytes_sent_per_second < all);
  const gossip::EdgeReport came = of(table[1], 0, 1000).edge;
  CHECK(came.bytes_received_per_second == Approx(sent.bytes_sent_per_second));
  CHECK(came.age_rounds_p50 == 5.0);
  CHECK(came.age_rounds_p99 == 5.0);
  CHECK(of(table[2], 0, 1000).edge.age_rounds_p99 == 0.0);
}

TEST_CASE("round trips are those of probes") {
  ExchangeTable table(2);
  for (int ms = 0; ms < 2000; ms += 100) {
    for (const std::uint64_t peer : {0U, 1U}) table[peer].tick(at_ms(ms));
    table.pass(0, 1, at_ms(ms + 3));
    table.pass(1, 0, at_ms(ms + 7));
  }
  const gossip::EdgeReport edge = of(table[0], 1, 2000).edge;
  CHECK(edge.round_trip_seconds_p50 > 0.0);
  CHECK(edge.round_trip_seconds_p50 < 0.1);
  CHECK(edge.round_trip_seconds_p50 <= edge.round_trip_seconds_p99);
}

TEST_CASE("refused messages are reported of who said them") {
  ExchangeTable table(3);
  table[0].refuse(PeerId{2}, Refusal::kWrongChecksum);
  table[0].refuse(PeerId{2}, Refusal::kWrongChecksum);
  table[0].refuse(PeerId{2}, Refusal::kMalformed);
  CHECK(of(table[0], 2, 0).edge.refused == 3);
  CHECK(of(table[0], 1, 0).edge.refused == 0);
}

TEST_CASE("the living are reported first, and of too many the rest are left out") {
  ExchangeTable table(gossip::kReportedMax + 10);
  gossip::Exchange& exchange = table[0];
  for (std::uint64_t peer = 1; peer < 9; ++peer)
    hear(exchange, test::delivery_of(gossip::Goodbye{}, ExchangeTable::sender(PeerId{peer})),
         at_ms(5));
  const auto reports = exchange.member_reports(at_ms(1000));
  REQUIRE(reports.size() == gossip::kReportedMax);
  CHECK(reports.front().id == PeerId{9});
  CHECK(reports.back().state == MemberState::kAlive);
  CHECK(reports.front().silent_seconds == 1.0);
  ExchangeTable few(3);
  hear(few[0], test::delivery_of(gossip::Goodbye{}, ExchangeTable::sender(PeerId{1})), at_ms(5));
  CHECK(few[0].member_reports(at_ms(6)).back().id == PeerId{1});
  CHECK(few[0].member_reports(at_ms(6)).back().state == MemberState::kLeft);
}
