// With CURVE only authorized keys get anything in, and none of what others try hurts a peer.

#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/runtime/messages.h"
#include "tests/runtime/raw_connection.h"
#include "tests/runtime/transport_pairs.h"
#include "tests/runtime/wiretap.h"
#include "tests/support/catch.h"

using Catch::Matchers::Contains;
using runtime::Channel;
using runtime::Delivery;
using runtime::ZmqTransport;
namespace fs = std::filesystem;

namespace {

constexpr runtime::PeerId kMallory{7};

// Peers with a key each. Alice and Bob are authorized, Mallory is not.
struct World {
  World() {
    authorize("alice", alice_keys);
    authorize("bob", bob_keys);
    bob = open(kBob, bob_keys);
    alice = open(kAlice, alice_keys);
    REQUIRE(alice->connect(kBob, bob->address()).ok());
  }

  void authorize(const std::string& name, const runtime::KeyPair& keys) const {
    std::ofstream(file_of(name)) << "public = " << keys.public_key << "\n";
  }
  [[nodiscard]] fs::path file_of(const std::string& name) const {
    return (fs::path(folder.path()) / name).concat(".pub");
  }

  [[nodiscard]] std::unique_ptr<ZmqTransport> open(runtime::PeerId self,
                                                   const runtime::KeyPair& keys) const {
    runtime::ZmqOptions options = patient_options(self, "tcp://127.0.0.1:0");
    options.curve = {.keys = keys, .authorized = folder.path()};
    return open_zmq(options);
  }

  // Of the messages that reach Bob while `sender` says `number` again and again, the first; none
  // where `until` came true before.
  template <typename Until>
  bool reaches_bob(ZmqTransport& sender, std::uint32_t number, Until until) {
    std::array<Delivery, 1> one;
    for (int moment = 0; moment < kMomentsMax && !until(); ++moment) {
      (void)sender.send(kBob, Channel::kControl, numbered(number));
      bob->wait(kMoment);
      if (bob->receive(one) == 1 && ++heard[number_of(one[0])] && number_of(one[0]) == number)
        return true;
    }
    return false;
  }
  bool alice_reaches_bob(std::uint32_t number) {
    return reaches_bob(*alice, number, [] { return false; });
  }

  std::map<std::uint32_t, int> heard;  // by Bob, of each number
  TemporaryFolder folder;
  runtime::KeyPair alice_keys = runtime::generate_keys();
  runtime::KeyPair bob_keys = runtime::generate_keys();
  runtime::KeyPair mallory_keys = runtime::generate_keys();
  std::unique_ptr<ZmqTransport> bob;
  std::unique_ptr<ZmqTransport> alice;
};

}  // namespace

TEST_CASE("an unknown key gets nothing in, and is let in once it is authorized") {
  World world;
  // Mallory trusts everybody here, but nobody trusts her.
  const TemporaryFolder own;
  fs::copy(world.folder.path(), own.path());
  runtime::ZmqOptions options = patient_options(kMallory, "tcp://127.0.0.1:0");
  options.curve = {.keys = world.mallory_keys, .authorized = own.path()};
  const auto mallory = open_zmq(options);
  REQUIRE(mallory->connect(kBob, world.bob->address()).ok());
  CHECK_FALSE(world.reaches_bob(*mallory, 1, [&] { return world.bob->turned_away_count() >= 3; }));
  CHECK(world.bob->refused_count() == 0);
  REQUIRE(world.alice_reaches_bob(2));

  world.authorize("mallory", world.mallory_keys);
  CHECK(world.reaches_bob(*mallory, 3, [] { return false; }));
}

TEST_CASE("a plain peer gets nothing in") {
  World world;
  const auto plain = open_zmq(patient_options(kMallory, "tcp://127.0.0.1:0"));
  runtime::Address address = world.bob->address();
  address.key.clear();
  REQUIRE(plain->connect(kBob, address).ok());
  int tries = 0;
  CHECK_FALSE(world.reaches_bob(*plain, 1, [&] { return ++tries > 30; }));
  REQUIRE(world.alice_reaches_bob(2));
}

TEST_CASE("who is reached is who was meant: another key at the address is no answer") {
  World world;
  runtime::Address elsewhere = world.bob->address();
  elsewhere.key = world.alice_keys.public_key;  // authorized, but not Bob's
  const auto carol = world.open(runtime::PeerId{2}, world.alice_keys);
  REQUIRE(carol->connect(kBob, elsewhere).ok());
  int tries = 0;
  CHECK_FALSE(world.reaches_bob(*carol, 1, [&] { return ++tries > 30; }));
}

TEST_CASE("an address without a key, or with one that is not authorized, is not dialled") {
  World world;
  runtime::Address address = world.bob->address();
  address.key.clear();
  const auto without = world.alice->connect(kMallory, address);
  REQUIRE(!without.ok());
  CHECK_THAT(without.error().message, Contains("has no key"));
  address.key = world.mallory_keys.public_key;
  const auto stranger = world.alice->connect(kMallory, address);
  REQUIRE(!stranger.ok());
  CHECK_THAT(stranger.error().message, Contains("not authorized"));
}

TEST_CASE("a peer whose key is taken out is refused over the connection it has, and it is cut") {
  World world;
  REQUIRE(world.alice_reaches_bob(1));
  fs::remove(world.file_of("alice"));
  for (int moment = 0; moment < kMomentsMax; ++moment) {
    if (!world.bob->authorized_keys()->contains(world.alice_keys.public_key)) break;
    world.bob->wait(kMoment);
  }
  // One message at most over the old connection; the next is a handshake that fails.
  CHECK_FALSE(
      world.reaches_bob(*world.alice, 2, [&] { return world.bob->turned_away_count() >= 2; }));
  CHECK(world.bob->refused_count() >= 1);
}

TEST_CASE("an authorized peer cannot speak for another") {
  World world;
  REQUIRE(world.bob->connect(kAlice, world.alice->address()).ok());
  REQUIRE(world.alice_reaches_bob(1));
  world.authorize("mallory", world.mallory_keys);
  const auto impostor = world.open(kAlice, world.mallory_keys);
  REQUIRE(impostor->connect(kBob, world.bob->address()).ok());
  CHECK_FALSE(world.reaches_bob(*impostor, 2, [&] { return world.bob->refused_count() >= 2; }));
}

TEST_CASE("other keys wake who waits") {
  World world;
  const auto before = world.bob->authorized_keys();
  world.authorize("mallory", world.mallory_keys);
  world.bob->wait(std::chrono::minutes(1));
  while (world.bob->authorized_keys() == before) world.bob->wait(kMoment);
  CHECK(world.bob->authorized_keys()->contains(world.mallory_keys.public_key));
}

TEST_CASE("garbage at the door of a peer with keys hurts nobody") {
  const std::uint64_t seed = GENERATE(range<std::uint64_t>(1, 4));
  CAPTURE(seed);
  runtime::Random random(seed);
  World world;
  std::string greeting("\xff\0\0\0\0\0\0\0\x01\x7f\x03\0CURVE", 17);
  greeting.resize(64, '\0');
  for (std::uint32_t i = 0; i < 12; ++i) {
    const runtime::Address& bob = world.bob->address();
    RawConnection stranger(i % 2 == 0 ? bob.control : bob.bulk);
    if (i % 3 != 0) stranger.write(greeting);
    stranger.write(random_bytes(random, random.below(20'000)));
    if (i % 4 == 0) REQUIRE(world.alice_reaches_bob(i));
  }
  REQUIRE(world.alice_reaches_bob(100));
}

TEST_CASE("connections that never finish their handshake keep nobody out") {
  World world;
  std::vector<std::unique_ptr<RawConnection>> slow;
  for (int i = 0; i < 200; ++i) {
    slow.push_back(std::make_unique<RawConnection>(world.bob->address().control));
    slow.back()->write("\xff");
  }
  REQUIRE(world.alice_reaches_bob(1));
}

// What was said is encrypted for that connection only: said again, it is noise.
TEST_CASE("a recorded connection that is played again gets nothing in") {
  World world;
  Wiretap wire(world.bob->address().control);
  runtime::Address through = world.bob->address();
  through.control = wire.endpoint();
  const auto carol = world.open(runtime::PeerId{2}, world.alice_keys);
  REQUIRE(carol->connect(kBob, through).ok());
  REQUIRE(world.reaches_bob(*carol, 5, [] { return false; }));
  const std::string said = wire.stop();
  REQUIRE(said.size() > 300);
  carol->disconnect(kBob);
  REQUIRE(world.alice_reaches_bob(6));
  const int before = world.heard[5];

  for (int again = 0; again < 3; ++again) {
    RawConnection replay(world.bob->address().control);
    replay.write(said);
    REQUIRE(replay.is_hung_up_on());
  }
  REQUIRE(world.alice_reaches_bob(7));
  CHECK(world.heard[5] == before);
}
