// What a beacon may be, and how peers find each other by them in virtual time.
#include "gossip/beacon.h"

#include <memory>
#include <string>
#include <vector>

#include "gossip/contact.h"
#include "gossip/digest.h"
#include "runtime/random.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

using gossip::Beacon;
using gossip::Discovery;
using runtime::Instant;
using runtime::PeerId;
using State = Discovery::State;

namespace {

constexpr std::uint64_t kRun = 0x1122334455667788;

Instant at_ms(std::int64_t ms) { return Instant{} + std::chrono::milliseconds(ms); }

runtime::Address address_of(std::uint64_t id) {
  return {.control = "tcp://127.0.0.1:" + std::to_string(id % 60'000 + 1), .bulk = ""};
}

Beacon member(std::uint64_t id, std::uint64_t fingerprint = kRun) {
  return {Beacon::Kind::kMember, fingerprint, PeerId{id}, address_of(id).control};
}

Beacon seeking(std::uint64_t id) {
  return {Beacon::Kind::kSeeking, kRun, PeerId{id}, address_of(id).control};
}

std::vector<PeerId> ids_of(const std::vector<Discovery::Found>& found) {
  std::vector<PeerId> ids;
  for (const Discovery::Found& each : found) ids.push_back(each.peer);
  return ids;
}

// The same bytes with a checksum that fits.
std::vector<std::byte> sealed(std::vector<std::byte> bytes) {
  const std::uint64_t sum = gossip::checksum(bytes);
  for (std::size_t i = 0; i < 8; ++i) bytes.push_back(static_cast<std::byte>(sum >> (8 * i)));
  return bytes;
}

Discovery seeker(std::uint64_t id, bool local_only = true) {
  return Discovery({.self = PeerId{id},
                    .fingerprint = kRun,
                    .address = address_of(id),
                    .local_only = local_only},
                   at_ms(0));
}

// Peers that hear each other's beacons at once, each of them with a chance; a millisecond at a
// time. A newcomer that finds somebody, or nobody, is a member from then on.
class Air {
 public:
  explicit Air(double loss, std::uint64_t seed) : loss_(loss), random_(seed) {}

  void start(std::uint64_t id, std::int64_t now, std::uint64_t fingerprint = kRun) {
    peers_.push_back({std::make_unique<Discovery>(Discovery::Options{.self = PeerId{id},
                                                                     .fingerprint = fingerprint,
                                                                     .address = address_of(id),
                                                                     .local_only = true},
                                                  at_ms(now)),
                      State::kSeeking});
  }
  void run(std::int64_t begin, std::int64_t end) {
    for (std::int64_t now = begin; now < end; ++now)
      for (Peer& peer : peers_) {
        if (const auto said = peer.discovery->take_beacon(at_ms(now))) say(*said, now);
        if (peer.came_to == State::kSeeking) {
          peer.came_to = peer.discovery->state(at_ms(now));
          if (peer.came_to != State::kSeeking) peer.discovery->become_member();
        }
      }
  }
  [[nodiscard]] std::size_t count(State state) const {
    std::size_t found = 0;
    for (const Peer& peer : peers_) found += peer.came_to == state ? 1U : 0U;
    return found;
  }
  std::size_t beacons = 0;

 private:
  struct Peer {
    std::unique_ptr<Discovery> discovery;
    State came_to;
  };
  void say(const std::vector<std::byte>& datagram, std::int64_t now) {
    ++beacons;
    for (Peer& peer : peers_)
      if (random_.uniform() >= loss_) peer.discovery->hear(datagram, at_ms(now));
  }

  double loss_;
  runtime::Random random_;
  std::vector<Peer> peers_;
};

}  // namespace

TEST_CASE("a beacon reads back as it was said, the longest too, and fits a datagram") {
  for (const std::string& control :
       {std::string("tcp://1.2.3.4:5"), std::string("tcp://255.255.255.255:65535")}) {
    for (const std::size_t length : {std::size_t{0}, gossip::kKeyBytesMax}) {
      const Beacon said{Beacon::Kind::kSeeking, kRun, PeerId{~std::uint64_t{0}}, control,
                        std::string(length, '#')};
      const auto bytes = gossip::encode_beacon(said);
      CHECK(bytes.size() <= gossip::kBeaconBytesMax);
      CHECK(gossip::decode_beacon(bytes) == said);
    }
  }
}

TEST_CASE("an address is one in numbers, and of one spelling") {
  for (const std::string address : {"tcp://0.0.0.0:1", "tcp://127.0.0.1:65535", "tcp://10.1.2.3:7"})
    CHECK(gossip::is_beacon_address(address));
  for (const std::string address : {"",
                                    "tcp://",
                                    "tcp://localhost:1",
                                    "tcp://a.b.c.d:1",
                                    "tcp://1.2.3:4",
                                    "tcp://1.2.3.4",
                                    "tcp://1.2.3.4:",
                                    "tcp://1.2.3.4:0",
                                    "tcp://1.2.3.4:65536",
                                    "tcp://1.2.3.4:123456",
                                    "tcp://1.2.3.256:1",
                                    "tcp://1.2.3.4.5:1",
                                    "tcp://01.2.3.4:1",
                                    "tcp://1.2.3.4:07",
                                    "tcp://-1.2.3.4:1",
                                    "tcp://1.2.3.4:1 ",
                                    " tcp://1.2.3.4:1",
                                    "tcp://1.2.3.4:1#key",
                                    "tcp://1.2.3.4:1/x",
                                    "TCP://1.2.3.4:1",
                                    "udp://1.2.3.4:1",
                                    "ipc:///tmp/x",
                                    "tcp://[::1]:1",
                                    "tcp://*:1",
                                    "tcp://eth0:1",
                                    "tcp://1..2.3:4"}) {
    CAPTURE(address);
    CHECK_FALSE(gossip::is_beacon_address(address));
  }
}

TEST_CASE("a beacon of which any bit has changed, or any byte is missing or too many, is none") {
  const auto bytes = gossip::encode_beacon(member(7));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    CHECK_FALSE(gossip::decode_beacon(std::span(bytes).first(i)).has_value());
    for (unsigned bit = 0; bit < 8; ++bit) {
      auto changed = bytes;
      changed[i] ^= static_cast<std::byte>(1U << bit);
      CHECK_FALSE(gossip::decode_beacon(changed).has_value());
    }
  }
  auto longer = bytes;
  longer.push_back(std::byte{0});
  CHECK_FALSE(gossip::decode_beacon(longer).has_value());
}

TEST_CASE("what is sealed well and says what cannot be is no beacon either") {
  const auto whole = gossip::encode_beacon(member(7));
  const std::vector<std::byte> body(whole.begin(), whole.end() - 8);
  REQUIRE(gossip::decode_beacon(sealed(body)) == member(7));
  const auto refused = [&](std::size_t at, unsigned value) {
    auto changed = body;
    changed[at] = static_cast<std::byte>(value);
    CAPTURE(at, value);
    CHECK_FALSE(gossip::decode_beacon(sealed(changed)).has_value());
  };
  refused(0, 'm');  // another protocol
  refused(4, 0);    // other versions
  refused(4, 2);
  refused(5, 2);   // no such kind
  refused(22, 0);  // lengths that are not those of the address
  refused(22, 0xFF);
  refused(23, '\n');  // no address
  refused(23, 0x80);
  refused(body.size() - 1, 1);  // a key that is not there
  auto keyed = member(7);
  keyed.key = "k";
  auto other = gossip::encode_beacon(keyed);
  other.resize(other.size() - 8);
  REQUIRE(gossip::decode_beacon(sealed(other)) == keyed);
  other.back() = std::byte{' '};
  CHECK_FALSE(gossip::decode_beacon(sealed(other)).has_value());
  CHECK_FALSE(gossip::decode_beacon(sealed({})).has_value());
  CHECK_FALSE(
      gossip::decode_beacon(sealed(std::vector<std::byte>(gossip::kBeaconBytesMax))).has_value());
}

TEST_CASE("noise is no beacon") {
  runtime::Random random(5);
  for (int turn = 0; turn < 2000; ++turn) {
    std::vector<std::byte> noise(random.below(gossip::kBeaconBytesMax + 10));
    for (std::byte& each : noise) each = static_cast<std::byte>(random.below(256));
    CHECK_FALSE(gossip::decode_beacon(noise).has_value());
  }
}

TEST_CASE("nobody else: the first, once it has listened for its patience") {
  const Discovery alone = seeker(1);
  CHECK(alone.state(at_ms(2999)) == State::kSeeking);
  CHECK(alone.state(at_ms(3000)) == State::kFirst);
}

TEST_CASE("a member of the run is found; of another run, or one's own echo, is not") {
  Discovery newcomer = seeker(1);
  newcomer.hear(gossip::encode_beacon(member(9, kRun + 1)), at_ms(1));
  newcomer.hear(gossip::encode_beacon(member(1)), at_ms(1));
  newcomer.hear({}, at_ms(1));
  CHECK(newcomer.found(at_ms(1)).empty());
  CHECK(newcomer.dropped().other_run == 1);
  CHECK(newcomer.dropped().malformed == 1);
  newcomer.hear(gossip::encode_beacon(member(9)), at_ms(2));
  newcomer.hear(gossip::encode_beacon(member(9)), at_ms(3));
  CHECK(newcomer.state(at_ms(3)) == State::kFound);
  REQUIRE(newcomer.found(at_ms(3)).size() == 1);
  CHECK(newcomer.found(at_ms(3))[0].peer == PeerId{9});
  CHECK(newcomer.found(at_ms(3))[0].address == address_of(9));
  CHECK(newcomer.found(at_ms(3003)).empty());  // said no more
}

TEST_CASE(
    "who is of this machine only believes this machine's addresses, and others only others'") {
  const std::vector<std::string> here{"tcp://127.0.0.1:9", "tcp://127.255.0.1:9"};
  const std::vector<std::string> there{"tcp://10.0.0.1:9", "tcp://192.0.2.1:9"};
  const std::vector<std::string> nowhere{"tcp://0.0.0.0:9", "tcp://224.0.0.1:9",
                                         "tcp://255.255.255.255:9"};
  for (const bool local : {true, false}) {
    CAPTURE(local);
    Discovery newcomer = seeker(1, local);
    Beacon heard = member(9);
    const auto hear = [&](const std::vector<std::string>& addresses) {
      for (const std::string& address : addresses) {
        heard.control = address;
        newcomer.hear(gossip::encode_beacon(heard), at_ms(1));
      }
    };
    hear(local ? there : here);
    hear(nowhere);
    CHECK(newcomer.found(at_ms(1)).empty());
    CHECK(newcomer.dropped().not_believed == 5);
    hear(local ? here : there);
    REQUIRE(newcomer.found(at_ms(1)).size() == 1);  // one peer: its last address
    CHECK(newcomer.found(at_ms(1))[0].address.control == (local ? here : there)[1]);
  }
}

TEST_CASE("with keys only who names an authorized one is believed, without keys who names none") {
  Discovery newcomer = seeker(5);
  newcomer.admit_only(std::make_shared<const runtime::KeyNames>(
      runtime::KeyNames{{"own", "own"}, {"friend", "anna"}}));
  Beacon heard = member(9);
  const auto hear = [&](const std::string& key) {
    heard.key = key;
    newcomer.hear(gossip::encode_beacon(heard), at_ms(1));
  };
  hear("");
  hear("mallory");
  heard.kind = Beacon::Kind::kSeeking;
  heard.id = PeerId{4};
  hear("mallory");  // and waits for nobody else either
  CHECK(newcomer.found(at_ms(1)).empty());
  CHECK(newcomer.dropped().not_believed == 3);
  CHECK(newcomer.state(at_ms(3000)) == State::kFirst);
  heard.kind = Beacon::Kind::kMember;
  hear("friend");
  REQUIRE(newcomer.found(at_ms(1)).size() == 1);
  CHECK(newcomer.found(at_ms(1))[0].address.key == "friend");
  Discovery plain = seeker(5);
  plain.hear(gossip::encode_beacon(heard), at_ms(1));
  CHECK(plain.found(at_ms(1)).empty());
}

TEST_CASE("however many say that they are there, a few are believed") {
  Discovery newcomer = seeker(1);
  for (std::uint64_t id = 2; id < 1000; ++id)
    newcomer.hear(gossip::encode_beacon(member(id)), at_ms(1));
  CHECK(newcomer.found(at_ms(1)).size() == Discovery::kFoundMax);
  // Those that are said no more give way.
  newcomer.hear(gossip::encode_beacon(member(5000)), at_ms(4000));
  CHECK(ids_of(newcomer.found(at_ms(4000))) == std::vector{PeerId{5000}});
}

TEST_CASE("a member goes on hearing others, each told once") {
  Discovery old = seeker(1);
  old.become_member();
  old.hear(gossip::encode_beacon(member(2)), at_ms(1));
  old.hear(gossip::encode_beacon(member(3)), at_ms(1));
  CHECK(ids_of(old.take_found()) == std::vector{PeerId{2}, PeerId{3}});
  CHECK(old.take_found().empty());
  old.hear(gossip::encode_beacon(seeking(4)), at_ms(1));  // will come by itself
  CHECK(old.take_found().empty());
}

TEST_CASE("who seeks again has forgotten who did not answer") {
  Discovery newcomer = seeker(5);
  newcomer.hear(gossip::encode_beacon(member(9)), at_ms(1));
  newcomer.hear(gossip::encode_beacon(seeking(4)), at_ms(1));
  newcomer.seek_again(at_ms(10));
  CHECK(newcomer.state(at_ms(10)) == State::kSeeking);
  CHECK(newcomer.state(at_ms(3010)) == State::kFirst);
}

TEST_CASE("nobody who only says that it seeks keeps another from beginning for ever") {
  Discovery newcomer = seeker(5);
  State state = State::kSeeking;
  std::int64_t now = 0;
  for (; state == State::kSeeking && now < 60'000; now += 100) {
    newcomer.hear(gossip::encode_beacon(seeking(4)), at_ms(now));
    state = newcomer.state(at_ms(now));
  }
  CHECK(state == State::kFirst);
  CHECK(now <= 12'100);
}

TEST_CASE("of those who start together one is the first, and the others find it") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    for (const std::size_t peers : {2U, 3U, 16U}) {
      CAPTURE(seed, peers);
      Air air(0.1, seed);
      runtime::Random ids(seed, 9);
      for (std::size_t i = 0; i < peers; ++i) air.start(ids.below(1'000'000) * 16 + i, 0);
      air.run(0, 10'000);
      CHECK(air.count(State::kFirst) == 1);
      CHECK(air.count(State::kFound) == peers - 1);
    }
  }
}

TEST_CASE("who comes a little earlier waits for one of a lower number") {
  Air air(0.0, 1);
  air.start(9, 0);
  air.run(0, 2900);
  air.start(4, 2900);
  air.run(2900, 10'000);
  CHECK(air.count(State::kFirst) == 1);
  CHECK(air.count(State::kFound) == 1);
}

TEST_CASE("a seeker of a lower number that falls silent is not waited for") {
  Discovery one = seeker(9);
  one.hear(gossip::encode_beacon(seeking(4)), at_ms(2000));
  CHECK(one.state(at_ms(4999)) == State::kSeeking);
  CHECK(one.state(at_ms(5000)) == State::kFirst);
}

TEST_CASE("two runs on one network do not meet") {
  Air air(0.0, 1);
  air.start(1, 0);
  air.start(2, 0, kRun + 1);
  air.run(0, 5000);
  CHECK(air.count(State::kFirst) == 2);
}

TEST_CASE("whoever pretends to be many members hides nobody from who comes then") {
  for (std::int64_t comes = 0; comes < 3000; comes += 100) {
    CAPTURE(comes);
    Discovery old = seeker(1);
    old.become_member();
    bool heard = false;
    for (std::int64_t now = 0; now < comes + 3000; now += 10) {
      for (std::uint64_t forged = 100; forged < 110; ++forged)
        old.hear(gossip::encode_beacon(member(forged)), at_ms(now));
      const bool said = old.take_beacon(at_ms(now)).has_value();
      heard = heard || (said && now >= comes);
    }
    CHECK(heard);
  }
}

TEST_CASE("members say where they are, and of many each less often") {
  for (const std::size_t peers : {1U, 4U, 64U}) {
    CAPTURE(peers);
    Air air(0.0, 1);
    for (std::size_t i = 0; i < peers; ++i) air.start(i + 1, static_cast<std::int64_t>(7 * i));
    air.run(0, 10'000);
    air.beacons = 0;
    air.run(10'000, 20'000);
    // Twenty intervals, in which each is heard by all.
    CHECK(air.beacons >= 20);
    // Enough of them, and whoever has been silent for long enough.
    const std::size_t overdue = peers / (Discovery::kSilentMax + 1) + 1;
    CHECK(air.beacons <= 20 * std::min<std::size_t>(peers, Discovery::kTellersMax + 1 + overdue));
  }
}
