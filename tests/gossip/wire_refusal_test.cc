// What the wire must refuse: everything that a broken or hostile peer may send.

#include <algorithm>
#include <cmath>
#include <limits>

#include "gossip/wire.h"
#include "runtime/random.h"
#include "tests/support/deliveries.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

using gossip::Acknowledgement;
using gossip::Body;
using gossip::Goodbye;
using gossip::Heartbeat;
using gossip::Message;
using gossip::Parcel;
using gossip::Refusal;
using runtime::Delivery;
using runtime::Frame;
using test::bytes_of;
using test::delivery_of;

namespace {

// Where things lie in a header: a segment table, the root pointer, then the header's numbers.
constexpr std::size_t kSegmentWordsAt = 4;
constexpr std::size_t kVersionAt = 16;
constexpr std::size_t kTagAt = 18;
constexpr std::size_t kBodyAt = 56;
// Behind the numbers of an acknowledgement: how long its list is, in the pointer to it.
constexpr std::size_t kListLengthAt = kBodyAt + 20;

bool is_refused(const Delivery& delivery, Refusal reason) {
  const auto decoded = test::decode(delivery);
  const auto* refusal = std::get_if<Refusal>(&decoded);
  if (refusal == nullptr) return false;
  CAPTURE(gossip::to_string(*refusal));
  return *refusal == reason;
}
bool is_refused(const Delivery& delivery) {
  return std::holds_alternative<Refusal>(test::decode(delivery));
}

bool is_for_any_run(const Body& body) {
  return std::holds_alternative<gossip::Hello>(body) ||
         std::holds_alternative<gossip::Rejection>(body) ||
         std::holds_alternative<gossip::Inquiry>(body) ||
         std::holds_alternative<gossip::Report>(body);
}

// Whatever was accepted must be safe to book.
void check_safe(const std::variant<Message, Refusal>& decoded) {
  const auto* message = std::get_if<Message>(&decoded);
  if (message == nullptr) return;
  CHECK(message->from.id == test::kSender.id);
  if (!is_for_any_run(message->body)) CHECK(message->from.fingerprint == test::kSender.fingerprint);
  if (const auto* parcel = std::get_if<Parcel>(&message->body)) {
    REQUIRE(parcel->block < test::small_layout().block_count());
    CHECK(parcel->payload.size() == test::small_layout().bytes(parcel->block));
    CHECK((parcel->share > 0.0 && parcel->share <= 1.0));
    CHECK((parcel->weight > 0.0 && parcel->weight <= test::kWeightMax));
    CHECK(parcel->mass() > 0.0);
  }
  if (const auto* acknowledgement = std::get_if<Acknowledgement>(&message->body))
    CHECK(acknowledgement->sequences.size() <= gossip::kAcknowledgedMax);
  if (const auto* view = std::get_if<gossip::ViewMessage>(&message->body)) {
    CHECK(view->peers.size() <= gossip::kViewPeersMax);
    CHECK(view->kind <= gossip::ViewMessage::Kind::kShuffled);
  }
  if (const auto* heartbeat = std::get_if<Heartbeat>(&message->body)) {
    CHECK(heartbeat->progress.phase <= gossip::Phase::kDrained);
    CHECK(std::isfinite(heartbeat->progress.step_seconds));
  }
}

std::vector<Body> one_of_each() {
  return {Body(test::a_parcel()),
          Body(Acknowledgement{.incarnation = 2, .sequences = {1, 2, 3}}),
          Body(Heartbeat{{.step = 5, .step_seconds = 0.5}}),
          Body(Goodbye{}),
          Body(test::a_hello()),
          Body(gossip::Roster{.contacts = {test::a_hello().self}}),
          Body(gossip::Rejection{"no"}),
          Body(gossip::Request{1}),
          Body(test::a_donation()),
          Body(gossip::Inquiry{gossip::Inquiry::Kind::kLeave}),
          Body(test::a_report(2)),
          Body(gossip::ViewMessage{.kind = gossip::ViewMessage::Kind::kShuffle,
                                   .hops = 3,
                                   .about = runtime::PeerId{7},
                                   .peers = {runtime::PeerId{7}, runtime::PeerId{9}}})};
}

Delivery with_header(Delivery delivery, std::vector<std::byte> header) {
  delivery.frames[0] = Frame::of(std::move(header));
  return delivery;
}

template <typename T>
Delivery patched(const Delivery& delivery, std::size_t at, T value) {
  std::vector<std::byte> header = bytes_of(delivery.frames[0]);
  REQUIRE(at + sizeof value <= header.size());
  std::memcpy(header.data() + at, &value, sizeof value);
  return with_header(delivery, std::move(header));
}

Delivery parcel_with(double share, double weight) {
  Parcel parcel = test::a_parcel();
  parcel.share = share;
  parcel.weight = weight;
  return delivery_of(parcel);
}

Delivery parcel_holding(const std::vector<double>& x, std::uint32_t block = 1) {
  Parcel parcel = test::parcel_of(x);
  parcel.block = block;
  return delivery_of(parcel);
}

std::vector<std::byte> noise(runtime::Random& random, std::size_t count) {
  std::vector<std::byte> bytes(count);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random.below(256));
  return bytes;
}

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

}  // namespace

TEST_CASE("a message without frames, or without a byte in them, is malformed") {
  CHECK(is_refused({.from = test::kSender.id, .frames = {}}, Refusal::kMalformed));
  CHECK(is_refused({.from = test::kSender.id, .frames = {Frame()}}, Refusal::kMalformed));
}

TEST_CASE("noise of any length is refused") {
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    CAPTURE(seed);
    runtime::Random random(seed);
    Delivery delivery{.from = test::kSender.id, .frames = {}};
    const std::uint64_t frame_count = 1 + random.below(3);
    for (std::uint64_t i = 0; i < frame_count; ++i)
      delivery.frames.push_back(Frame::of(noise(random, random.below(200))));
    CHECK(is_refused(delivery));
  }
}

TEST_CASE("zeros of any length are refused") {
  for (std::size_t bytes = 0; bytes < 300; ++bytes)
    CHECK(is_refused(
        {.from = test::kSender.id, .frames = {Frame::of(std::vector<std::byte>(bytes))}}));
}

TEST_CASE("a header larger than any that is honest is malformed") {
  for (const Body& body : one_of_each()) {
    Delivery delivery = delivery_of(body);
    std::vector<std::byte> header = bytes_of(delivery.frames[0]);
    header.resize(gossip::kHeaderBytesMax + 8);
    CHECK(is_refused(with_header(delivery, header), Refusal::kMalformed));
  }
}

TEST_CASE("a header truncated at any length is malformed") {
  for (const Body& body : one_of_each()) {
    const Delivery whole = delivery_of(body);
    for (std::size_t bytes = 0; bytes < whole.frames[0].size(); ++bytes) {
      Delivery delivery = whole;
      delivery.frames[0] = whole.frames[0].slice(0, bytes);
      CAPTURE(bytes, body.index());
      CHECK(is_refused(delivery, Refusal::kMalformed));
    }
  }
}

TEST_CASE("bytes behind the end of a header are malformed") {
  for (const Body& body : one_of_each()) {
    const Delivery whole = delivery_of(body);
    for (const std::size_t extra : {1U, 7U, 8U, 64U}) {
      std::vector<std::byte> header = bytes_of(whole.frames[0]);
      header.insert(header.end(), extra, std::byte{});
      CHECK(is_refused(with_header(whole, header), Refusal::kMalformed));
    }
  }
}

TEST_CASE("with any bit of a header turned over, what is accepted is safe to book") {
  for (const Body& body : one_of_each()) {
    const Delivery whole = delivery_of(body);
    std::size_t refused = 0;
    for (std::size_t bit = 0; bit < whole.frames[0].size() * 8; ++bit) {
      CAPTURE(bit, body.index());
      std::vector<std::byte> header = bytes_of(whole.frames[0]);
      header[bit / 8] ^= std::byte{1} << (bit % 8);
      const auto decoded = test::decode(with_header(whole, header));
      check_safe(decoded);
      if (std::holds_alternative<Refusal>(decoded)) ++refused;
    }
    // At the least the version, the fingerprint and the sender are known to the bit.
    CHECK(refused >= 16 + 64 + (is_for_any_run(body) ? 0 : 64));
  }
}

TEST_CASE("with many bytes of a header changed, what is accepted is safe to book") {
  for (std::uint64_t seed = 1; seed <= 5000; ++seed) {
    CAPTURE(seed);
    runtime::Random random(seed);
    const std::vector<Body> bodies = one_of_each();
    const Delivery whole = delivery_of(bodies[random.below(bodies.size())]);
    std::vector<std::byte> header = bytes_of(whole.frames[0]);
    for (std::uint64_t change = 1 + random.below(6); change > 0; --change) {
      // Past the version, fingerprint and sender, which would only hide what lies behind.
      const std::size_t at =
          random.below(2) == 0 ? random.below(kVersionAt) : 40 + random.below(header.size() - 40);
      header[at] = static_cast<std::byte>(random.below(256));
    }
    check_safe(test::decode(with_header(whole, header)));
  }
}

TEST_CASE("another protocol version is refused, whatever else it says") {
  for (const Body& body : one_of_each())
    for (const std::uint16_t version :
         std::initializer_list<std::uint16_t>{0, gossip::kProtocolVersion + 1, 65535})
      CHECK(is_refused(patched(delivery_of(body), kVersionAt, version), Refusal::kWrongVersion));
}

TEST_CASE("a kind of message that this version does not know is malformed") {
  for (const Body& body : one_of_each())
    for (const std::uint16_t tag : std::initializer_list<std::uint16_t>{12, 13, 65535})
      CHECK(is_refused(patched(delivery_of(body), kTagAt, tag), Refusal::kMalformed));
}

TEST_CASE("one kind of message labelled as another is safe") {
  for (const Body& body : one_of_each())
    for (std::uint16_t tag = 0; tag < 12; ++tag)
      check_safe(test::decode(patched(delivery_of(body), kTagAt, tag)));
}

TEST_CASE("a message of another run is refused") {
  gossip::Sender stranger = test::kSender;
  stranger.fingerprint ^= 1;
  for (const Body& body : one_of_each())
    CHECK(is_refused(delivery_of(body, stranger), Refusal::kOtherRun) == !is_for_any_run(body));
}

TEST_CASE("a message that names another peer than its connection is refused") {
  for (const Body& body : one_of_each()) {
    Delivery delivery = delivery_of(body);
    delivery.from = runtime::PeerId{4};
    CHECK(is_refused(delivery, Refusal::kWrongSender));
  }
}

TEST_CASE("frames that do not match the header are malformed") {
  for (const Body& body : one_of_each()) {
    Delivery delivery = delivery_of(body);
    delivery.frames.push_back(Frame::of(std::vector<std::byte>(16)));
    CHECK(is_refused(delivery, Refusal::kMalformed));
  }
  Delivery headless = delivery_of(test::a_parcel());
  headless.frames.pop_back();
  CHECK(is_refused(headless, Refusal::kMalformed));
  Delivery swapped = delivery_of(test::a_parcel());
  std::swap(swapped.frames[0], swapped.frames[1]);
  CHECK(is_refused(swapped, Refusal::kMalformed));
}

TEST_CASE("a block that the layout does not have is refused") {
  CHECK(is_refused(parcel_holding({1.0, 2.0}, 3), Refusal::kWrongBlock));
  CHECK(is_refused(parcel_holding({1.0, 2.0}, ~std::uint32_t{0}), Refusal::kWrongBlock));
}

TEST_CASE("a payload of another size than its block is refused") {
  CHECK(is_refused(parcel_holding({}), Refusal::kWrongBlock));
  CHECK(is_refused(parcel_holding({1.0}), Refusal::kWrongBlock));
  CHECK(is_refused(parcel_holding({1.0, 2.0, 3.0}), Refusal::kWrongBlock));
  CHECK(is_refused(parcel_holding({1.0, 2.0}, 2), Refusal::kWrongBlock));
  const Delivery whole = delivery_of(test::a_parcel());
  for (std::size_t bytes = 0; bytes < whole.frames[1].size(); ++bytes) {
    Delivery delivery = whole;
    delivery.frames[1] = whole.frames[1].slice(0, bytes);
    CHECK(is_refused(delivery, Refusal::kWrongBlock));
  }
}

TEST_CASE("impossible shares and weights are refused") {
  const double above_one = std::nextafter(1.0, 2.0);
  for (const double share : {0.0, -0.0, -0.5, above_one, 2.0, 1e300, kInfinity, -kInfinity, kNan})
    CHECK(is_refused(parcel_with(share, 1.0), Refusal::kImpossibleWeight));
  const double above_max = std::nextafter(test::kWeightMax, 100.0);
  for (const double weight : {0.0, -0.0, -1.0, above_max, 1e300, kInfinity, -kInfinity, kNan})
    CHECK(is_refused(parcel_with(0.5, weight), Refusal::kImpossibleWeight));
}

TEST_CASE("a parcel whose weight vanishes when multiplied is refused") {
  CHECK(is_refused(parcel_with(1e-200, 1e-200), Refusal::kImpossibleWeight));
}

TEST_CASE("a payload that is not what was sent is refused, whichever bit is wrong") {
  const Delivery whole = delivery_of(test::a_parcel());
  for (std::size_t bit = 0; bit < whole.frames[1].size() * 8; ++bit) {
    CAPTURE(bit);
    std::vector<std::byte> payload = bytes_of(whole.frames[1]);
    payload[bit / 8] ^= std::byte{1} << (bit % 8);
    Delivery delivery = whole;
    delivery.frames[1] = Frame::of(std::move(payload));
    CHECK(is_refused(delivery, Refusal::kWrongChecksum));
  }
  Parcel parcel = test::a_parcel();
  parcel.checksum += 1;
  CHECK(is_refused(delivery_of(parcel), Refusal::kWrongChecksum));
}

TEST_CASE("a payload with NaN or infinity is refused, wherever it stands and however it lies") {
  for (const double bad : {kNan, -kNan, kInfinity, -kInfinity}) {
    CHECK(is_refused(parcel_holding({bad, 1.0}), Refusal::kNotFinite));
    Delivery delivery = parcel_holding({1.0, bad});
    CHECK(is_refused(delivery, Refusal::kNotFinite));
    delivery.frames[1] = test::moved(delivery.frames[1], 3);
    CHECK(is_refused(delivery, Refusal::kNotFinite));
  }
}

TEST_CASE("a float payload with NaN is refused too") {
  const gossip::BlockLayout layout(3, 12, kernels::Scalar::kF32);
  const gossip::Terms terms{test::kSender.fingerprint, &layout, test::kWeightMax};
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK(std::holds_alternative<Message>(
      gossip::decode(delivery_of(test::parcel_of<float>({1.0F, 2.0F, 3.0F})), terms)));
  const auto decoded =
      gossip::decode(delivery_of(test::parcel_of<float>({1.0F, 2.0F, nan})), terms);
  CHECK(std::get<Refusal>(decoded) == Refusal::kNotFinite);
}

TEST_CASE("a heartbeat in no phase that we know, or of impossible step times, is malformed") {
  const Delivery whole = delivery_of(Heartbeat{});
  for (const std::uint16_t phase : std::initializer_list<std::uint16_t>{5, 6, 65535})
    CHECK(is_refused(patched(whole, kBodyAt, phase), Refusal::kMalformed));
  for (const double step_seconds : {-1.0, kInfinity, -kInfinity, kNan})
    CHECK(is_refused(delivery_of(Heartbeat{{.step_seconds = step_seconds}}), Refusal::kMalformed));
}

TEST_CASE("an acknowledgement longer than may be is malformed") {
  Acknowledgement longest{.incarnation = 1, .sequences = {}};
  longest.sequences.resize(gossip::kAcknowledgedMax);
  Delivery delivery = delivery_of(longest);
  // One number more: in the list, in the list's length, and in the segment table.
  std::vector<std::byte> header = bytes_of(delivery.frames[0]);
  header.insert(header.end(), 8, std::byte{});
  delivery = with_header(delivery, header);
  const auto words = static_cast<std::uint32_t>(header.size() / 8 - 1);
  delivery = patched(delivery, kSegmentWordsAt, words);
  CHECK_FALSE(is_refused(delivery));
  constexpr std::uint32_t kEightBytesEach = 5;
  const auto count = static_cast<std::uint32_t>(gossip::kAcknowledgedMax + 1);
  CHECK(is_refused(patched(delivery, kListLengthAt, (count << 3U) | kEightBytesEach),
                   Refusal::kMalformed));
}

TEST_CASE("a list that claims more than the message holds is malformed") {
  const Delivery delivery = delivery_of(Acknowledgement{.incarnation = 1, .sequences = {1, 2, 3}});
  for (const std::uint32_t count : {4U, 100U, 1U << 20U, (1U << 29U) - 1})
    for (std::uint32_t size = 0; size < 8; ++size) {
      check_safe(test::decode(patched(delivery, kListLengthAt, (count << 3U) | size)));
    }
  CHECK(is_refused(patched(delivery, kListLengthAt, (4U << 3U) | 5U), Refusal::kMalformed));
}

TEST_CASE("a sketch of another size, or that is not finite, is refused") {
  const auto with = [](std::vector<float> numbers) {
    Acknowledgement said{.incarnation = 1, .sequences = {5}};
    said.sketch = std::make_shared<const gossip::Sketch>(std::move(numbers));
    return delivery_of(said);
  };
  CHECK_FALSE(is_refused(with({1, 2, 3, 4}), Refusal::kMalformed));
  for (const std::size_t size : {1U, 3U, 5U, 4096U})
    CHECK(is_refused(with(std::vector<float>(size)), Refusal::kMalformed));
  for (const double bad : {kNan, kInfinity, -kInfinity})
    CHECK(is_refused(with({1, 2, static_cast<float>(bad), 4}), Refusal::kNotFinite));
}

TEST_CASE("names, addresses and terms that are too long are malformed") {
  gossip::Hello long_name = test::a_hello();
  long_name.self.name.assign(gossip::kNameBytesMax + 1, 'x');
  CHECK(is_refused(delivery_of(long_name), Refusal::kMalformed));
  gossip::Hello long_address = test::a_hello();
  long_address.self.address.bulk.assign(gossip::kAddressBytesMax + 1, 'x');
  CHECK(is_refused(delivery_of(long_address), Refusal::kMalformed));
  gossip::Hello long_terms = test::a_hello();
  long_terms.terms.assign(gossip::kTermsBytesMax + 1, 'x');
  CHECK(is_refused(delivery_of(long_terms), Refusal::kMalformed));
}

TEST_CASE("a request or a donation of a block that is not there is refused") {
  CHECK(is_refused(delivery_of(gossip::Request{3}), Refusal::kWrongBlock));
  gossip::Donation elsewhere = test::a_donation();
  elsewhere.block = 3;
  CHECK(is_refused(delivery_of(elsewhere), Refusal::kWrongBlock));
  gossip::Donation altered = test::a_donation();
  altered.checksum += 1;
  CHECK(is_refused(delivery_of(altered), Refusal::kWrongChecksum));
}
