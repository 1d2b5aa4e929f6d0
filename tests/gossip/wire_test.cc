#include "gossip/wire.h"

#include <functional>
#include <limits>
#include <numeric>

#include "gossip/digest.h"
#include "kernels/pieces.h"
#include "runtime/random.h"
#include "tests/support/deliveries.h"
#include "tests/support/snapshots.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

using gossip::Acknowledgement;
using gossip::Body;
using gossip::Goodbye;
using gossip::Heartbeat;
using gossip::Message;
using gossip::Parcel;
using gossip::Phase;
using runtime::Frame;
using test::decode;
using test::delivery_of;
using test::moved;

namespace {

Message accepted(const runtime::Delivery& delivery) {
  const auto decoded = decode(delivery);
  REQUIRE(std::holds_alternative<Message>(decoded));
  return std::get<Message>(decoded);
}

}  // namespace

TEST_CASE("a goodbye comes through with its sender") {
  const Message message = accepted(delivery_of(Goodbye{}));
  CHECK(message.from.id == test::kSender.id);
  CHECK(message.from.incarnation == test::kSender.incarnation);
  CHECK(message.from.fingerprint == test::kSender.fingerprint);
  CHECK(std::holds_alternative<Goodbye>(message.body));
}

TEST_CASE("a heartbeat comes through in every phase") {
  for (const Phase phase :
       {Phase::kTraining, Phase::kMixing, Phase::kSettling, Phase::kDraining, Phase::kDrained}) {
    const Heartbeat said{
        {.phase = phase, .step = 123456789012, .step_seconds = 0.125, .round = 345678901234}};
    const Message message = accepted(delivery_of(said));
    const auto& heard = std::get<Heartbeat>(message.body);
    CHECK(heard.progress.phase == phase);
    CHECK(heard.progress.step == 123456789012);
    CHECK(heard.progress.step_seconds == 0.125);
    CHECK(heard.progress.round == 345678901234);
  }
}

TEST_CASE("an answer for another comes through with how far that one is") {
  const gossip::Probe said{.kind = gossip::Probe::Kind::kAnswer,
                           .number = 7,
                           .about = runtime::PeerId{3},
                           .phase = gossip::Phase::kDraining,
                           .round = 4'000'000'000};
  const Message message = accepted(delivery_of(Heartbeat{.progress = {}, .probe = said}));
  CHECK(std::get<Heartbeat>(message.body).probe == said);
}

TEST_CASE("what is said of views comes through, of every kind and as long as may be") {
  using Kind = gossip::ViewMessage::Kind;
  for (auto kind = Kind::kJoin; kind <= Kind::kShuffled;
       kind = static_cast<Kind>(static_cast<int>(kind) + 1)) {
    for (const std::size_t count : {std::size_t{0}, std::size_t{1}, gossip::kViewPeersMax}) {
      gossip::ViewMessage said{.kind = kind, .urgent = count == 1, .hops = 255};
      said.about = runtime::PeerId{~std::uint64_t{0}};
      for (std::uint64_t i = 0; i < count; ++i) said.peers.push_back(runtime::PeerId{i << 40U});
      CHECK(std::get<gossip::ViewMessage>(accepted(delivery_of(said)).body) == said);
    }
  }
}

TEST_CASE("an acknowledgement's sketch comes through, and none stays none") {
  const std::vector<float> numbers = {1.0F, -2.5F, 0.0F, 1e-30F};
  Acknowledgement said{.incarnation = 1, .sequences = {5}};
  CHECK(std::get<Acknowledgement>(accepted(delivery_of(said)).body).sketch == nullptr);
  said.sketch = std::make_shared<const gossip::Sketch>(numbers);
  const Message message = accepted(delivery_of(said));
  const auto& heard = std::get<Acknowledgement>(message.body);
  REQUIRE(heard.sketch != nullptr);
  CHECK(*heard.sketch == numbers);
  CHECK(heard.sequences == said.sequences);
}

TEST_CASE("an acknowledgement comes through, empty, short and as long as may be") {
  for (const std::size_t count :
       {std::size_t{0}, std::size_t{1}, std::size_t{7}, gossip::kAcknowledgedMax}) {
    CAPTURE(count);
    Acknowledgement said{.incarnation = 42, .sequences = {}};
    for (std::uint64_t i = 0; i < count; ++i) said.sequences.push_back(i * 0x123456789ABCULL);
    const Message message = accepted(delivery_of(said));
    const auto& heard = std::get<Acknowledgement>(message.body);
    CHECK(heard.incarnation == 42);
    CHECK(heard.sequences == said.sequences);
  }
}

TEST_CASE("a parcel comes through, and its payload is not copied") {
  const Parcel said = test::a_parcel();
  const Message message = accepted(delivery_of(said));
  const auto& heard = std::get<Parcel>(message.body);
  CHECK(heard.round == said.round);
  CHECK(heard.block == said.block);
  CHECK(heard.sequence == said.sequence);
  CHECK(heard.share == said.share);
  CHECK(heard.weight == said.weight);
  CHECK(heard.checksum == said.checksum);
  CHECK(heard.payload.bytes().data() == said.payload.bytes().data());
}

TEST_CASE("frames that lie unaligned, as small ones from a network may, are read all the same") {
  for (std::size_t offset = 0; offset < 8; ++offset) {
    CAPTURE(offset);
    for (const Body& body : {Body(test::a_parcel()), Body(Heartbeat{}), Body(Goodbye{})}) {
      runtime::Delivery delivery = delivery_of(body);
      for (Frame& frame : delivery.frames) frame = moved(frame, offset);
      const Message message = accepted(delivery);
      CHECK(message.body.index() == body.index());
      if (const auto* parcel = std::get_if<Parcel>(&message.body)) {
        const auto bytes = parcel->payload.bytes();
        CHECK(reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(double) == 0);
        CHECK(gossip::checksum(bytes) == parcel->checksum);
      }
    }
  }
}

TEST_CASE("the most and the least that a parcel may weigh") {
  struct Row {
    double share;
    double weight;
  };
  for (const Row row : {Row{1.0, 1.0}, Row{1.0, test::kWeightMax}, Row{1e-9, 1e-9},
                        Row{std::numeric_limits<double>::min(), 1.0}}) {
    Parcel said = test::a_parcel();
    said.share = row.share;
    said.weight = row.weight;
    CHECK(std::get<Parcel>(accepted(delivery_of(said)).body).mass() == row.share * row.weight);
  }
}

TEST_CASE("random messages come through as they were") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    runtime::Random random(seed);
    Parcel said = test::a_parcel();
    said.round = random.bits();
    said.sequence = random.bits();
    said.share = random.uniform(1e-6, 1.0);
    said.weight = random.uniform(1e-6, test::kWeightMax);
    const Message message = accepted(delivery_of(said));
    const auto& heard = std::get<Parcel>(message.body);
    CHECK(heard.round == said.round);
    CHECK(heard.sequence == said.sequence);
    CHECK(heard.share == said.share);
    CHECK(heard.weight == said.weight);
  }
}

TEST_CASE("the checksum is XXH3 of 64 bits") {
  CHECK(gossip::checksum({}) == 0x2D06800538D394C2ULL);
  CHECK(gossip::Digest().checksum() == 0x2D06800538D394C2ULL);
}

TEST_CASE("a digest in pieces is that of the whole") {
  std::vector<float> numbers(2 * kernels::kPieceNumbers + 7);
  std::iota(numbers.begin(), numbers.end(), 1.0F);
  const kernels::ConstView whole(std::span<const float>{numbers});
  gossip::Digest digest;
  digest.add_all(whole);
  CHECK(digest.checksum() == gossip::checksum(std::as_bytes(std::span(numbers))));
  CHECK(digest.finite());

  numbers[numbers.size() - 1] = std::numeric_limits<float>::quiet_NaN();
  gossip::Digest last;
  last.add(whole.slice(0, 3));
  CHECK(last.finite());
  last.add(whole.slice(3, whole.count() - 3));
  CHECK(!last.finite());
  CHECK(last.checksum() == gossip::checksum(std::as_bytes(std::span(numbers))));
}

TEST_CASE("every reason for a refusal has words of its own") {
  std::vector<std::string_view> seen;
  for (int reason = 0; reason <= static_cast<int>(gossip::Refusal::kOutOfWindow); ++reason) {
    const std::string_view words = gossip::to_string(static_cast<gossip::Refusal>(reason));
    CHECK_FALSE(words.empty());
    CHECK(std::count(seen.begin(), seen.end(), words) == 0);
    seen.push_back(words);
  }
}

TEST_CASE("a hello comes through, whatever run it is of") {
  gossip::Sender stranger = test::kSender;
  stranger.fingerprint += 1;
  const Message message = accepted(delivery_of(test::a_hello(), stranger));
  const auto& heard = std::get<gossip::Hello>(message.body);
  CHECK(heard.self == test::a_hello().self);
  CHECK(heard.terms == "run = r\n");
  CHECK(heard.ready);
  CHECK(message.from.fingerprint == stranger.fingerprint);
}

TEST_CASE("a rejection comes through, whatever run it is of; a roster does not") {
  gossip::Sender stranger = test::kSender;
  stranger.fingerprint += 1;
  const Message message = accepted(delivery_of(gossip::Rejection{"no"}, stranger));
  CHECK(std::get<gossip::Rejection>(message.body).reason == "no");
  CHECK(std::get<gossip::Refusal>(decode(delivery_of(gossip::Roster{}, stranger))) ==
        gossip::Refusal::kOtherRun);
}

TEST_CASE("a roster comes through, empty, short and as long as may be") {
  for (const std::size_t count : {std::size_t{0}, std::size_t{1}, gossip::kContactsMax}) {
    CAPTURE(count);
    gossip::Roster said{.contacts = {}, .progress = {.step = 7}};
    for (std::size_t i = 0; i < count; ++i) {
      said.contacts.push_back(test::a_hello().self);
      said.contacts.back().id = runtime::PeerId{i};
      said.contacts.back().name.assign(gossip::kNameBytesMax, 'x');
      said.contacts.back().address.control.assign(gossip::kAddressBytesMax, 'y');
    }
    const Message message = accepted(delivery_of(said));
    const auto& heard = std::get<gossip::Roster>(message.body);
    CHECK(heard.contacts == said.contacts);
    CHECK(heard.progress.step == 7);
  }
}

TEST_CASE("a donation comes through with its payload") {
  const Message message = accepted(delivery_of(test::a_donation()));
  const auto& heard = std::get<gossip::Donation>(message.body);
  CHECK(heard.block == 1);
  CHECK(test::bytes_of(heard.payload) == test::bytes_of(test::a_donation().payload));
}
