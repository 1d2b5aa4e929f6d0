// What is true of ZmqTransport beyond the contract of every transport.

#include "runtime/zmq_transport.h"

#include <array>
#include <thread>

#include "tests/runtime/child_process.h"
#include "tests/runtime/messages.h"
#include "tests/runtime/transport_pairs.h"
#include "tests/support/catch.h"

using runtime::Channel;
using runtime::Delivery;
using runtime::Sent;
using runtime::ZmqTransport;

namespace {

constexpr const char* kAnyPort = "tcp://127.0.0.1:0";

// Sends `number` from one to the other until it has arrived.
bool reaches(ZmqTransport& from, ZmqTransport& to, std::uint32_t number) {
  for (int moment = 0; moment < kMomentsMax; ++moment) {
    (void)from.send(kBob, Channel::kControl, numbered(number));
    to.wait(kMoment);
    std::array<Delivery, 1> one;
    if (to.receive(one) == 1 && number_of(one[0]) == number) return true;
  }
  return false;
}

std::string refusal(const std::string& listen) {
  const auto opened = ZmqTransport::open(patient_options(kAlice, listen));
  return opened ? "" : opened.error().message;
}

}  // namespace

TEST_CASE("port 0 becomes two real ports") {
  const auto transport = open_zmq(patient_options(kAlice, kAnyPort));
  const runtime::Address& address = transport->address();
  REQUIRE(address.control.find("tcp://127.0.0.1:") == 0);
  REQUIRE(address.bulk.find("tcp://127.0.0.1:") == 0);
  REQUIRE(address.control != address.bulk);
  REQUIRE(address.control != kAnyPort);
}

TEST_CASE("a port that is taken is refused by name, be it the control or the bulk one") {
  const auto first = open_zmq_at_given_port(kAlice);
  const runtime::Address& taken = first->address();
  REQUIRE(refusal(taken.control) ==
          taken.control + " is already in use by another program or peer");
  REQUIRE(refusal(taken.bulk) == taken.bulk + " is already in use by another program or peer");
}

TEST_CASE("an ipc path that is taken is refused, and its owner keeps it") {
  const TemporaryFolder folder;
  const std::string endpoint = "ipc://" + folder.path() + "/p0";
  const auto first = open_zmq(patient_options(kBob, endpoint));
  REQUIRE(refusal(endpoint) == endpoint + " is already in use by another program or peer");
  const auto other = open_zmq(patient_options(kAlice, kAnyPort));
  REQUIRE(other->connect(kBob, first->address()).ok());
  REQUIRE(reaches(*other, *first, 1));
}

TEST_CASE("an ipc path that a dead process left behind can be used again") {
  const TemporaryFolder folder;
  const std::string endpoint = "ipc://" + folder.path() + "/p0";
  const ChildEnd end = end_of_child([&endpoint] {
    const auto opened = ZmqTransport::open(patient_options(kBob, endpoint));
    ::_exit(opened.ok() ? 0 : 1);
  });
  REQUIRE(end.status == 0);
  REQUIRE(std::filesystem::exists(folder.path() + "/p0"));
  REQUIRE(refusal(endpoint).empty());
}

TEST_CASE("an address of another machine cannot be listened at") {
  REQUIRE(refusal("tcp://192.0.2.1:4700") ==
          "tcp://192.0.2.1:4700 is not an address of this machine");
}

TEST_CASE("a scheme that we do not speak is refused") {
  REQUIRE(refusal("udp://127.0.0.1:4700").find("udp://127.0.0.1:4700 is not an endpoint") == 0);
}

TEST_CASE("a folder that is missing is named") {
  REQUIRE(refusal("ipc:///nowhere/p0") ==
          "cannot listen at ipc:///nowhere/p0: No such file or directory");
}

TEST_CASE("an address that cannot be dialled is refused, and nothing changes") {
  const auto transport = open_zmq(patient_options(kAlice, kAnyPort));
  REQUIRE_FALSE(transport->connect(kBob, {"tcp://127.0.0.1:0", "tcp://127.0.0.1:1"}).ok());
  REQUIRE_FALSE(transport->connect(kBob, {"tcp://127.0.0.1:1", "udp://127.0.0.1:2"}).ok());
  REQUIRE(transport->send(kBob, Channel::kBulk, numbered(1)) == Sent::kUnknownPeer);
}

TEST_CASE("a neighbour that never answered is offered nothing to hoard") {
  const auto transport = open_zmq(patient_options(kAlice, kAnyPort));
  REQUIRE(transport->connect(kBob, {"ipc:///nowhere/p1", "ipc:///nowhere/p1.bulk"}).ok());
  for (int i = 0; i < 10; ++i)
    REQUIRE(transport->send(kBob, Channel::kBulk, numbered(1)) == Sent::kQueueFull);
}

TEST_CASE("a peer can talk to itself") {
  const auto transport = open_zmq(patient_options(kBob, kAnyPort));
  REQUIRE(transport->connect(kBob, transport->address()).ok());
  REQUIRE(reaches(*transport, *transport, 1));
}

TEST_CASE("after disconnect a peer is unknown, and after connect it is not") {
  const auto alice = open_zmq(patient_options(kAlice, kAnyPort));
  const auto bob = open_zmq(patient_options(kBob, kAnyPort));
  alice->disconnect(kBob);
  REQUIRE(alice->connect(kBob, bob->address()).ok());
  REQUIRE(reaches(*alice, *bob, 1));
  alice->disconnect(kBob);
  REQUIRE(alice->send(kBob, Channel::kControl, numbered(2)) == Sent::kUnknownPeer);
  REQUIRE(alice->connect(kBob, bob->address()).ok());
  REQUIRE(reaches(*alice, *bob, 3));
}

TEST_CASE("a neighbour that moved is reached at its new address") {
  const auto alice = open_zmq(patient_options(kAlice, kAnyPort));
  auto bob = open_zmq(patient_options(kBob, kAnyPort));
  REQUIRE(alice->connect(kBob, bob->address()).ok());
  REQUIRE(reaches(*alice, *bob, 1));
  bob = open_zmq(patient_options(kBob, kAnyPort));
  REQUIRE(alice->connect(kBob, bob->address()).ok());
  REQUIRE(reaches(*alice, *bob, 2));
}

TEST_CASE("a sender that was restarted is heard although its former self never said goodbye") {
  const auto bob = open_zmq(patient_options(kBob, kAnyPort));
  const auto former = open_zmq(patient_options(kAlice, kAnyPort));
  REQUIRE(former->connect(kBob, bob->address()).ok());
  REQUIRE(reaches(*former, *bob, 1));
  const auto present = open_zmq(patient_options(kAlice, kAnyPort));
  REQUIRE(present->connect(kBob, bob->address()).ok());
  REQUIRE(reaches(*present, *bob, 2));
}

TEST_CASE("a wake before the wait is not lost") {
  const auto transport = open_zmq(patient_options(kAlice, kAnyPort));
  transport->wake();
  transport->wait(std::chrono::hours(1));
  REQUIRE(transport->refused_count() == 0);
}

TEST_CASE("a wake from another thread ends the wait") {
  const auto transport = open_zmq(patient_options(kAlice, kAnyPort));
  for (int i = 0; i < 100; ++i) {
    std::thread other([&] { transport->wake(); });
    transport->wait(std::chrono::hours(1));
    other.join();
  }
}

TEST_CASE("a message ends the wait") {
  const auto alice = open_zmq(patient_options(kAlice, kAnyPort));
  const auto bob = open_zmq(patient_options(kBob, kAnyPort));
  REQUIRE(alice->connect(kBob, bob->address()).ok());
  while (alice->send(kBob, Channel::kBulk, numbered(1)) != Sent::kQueued) alice->wait(kMoment);
  bob->wait(std::chrono::hours(1));
  std::array<Delivery, 1> one;
  REQUIRE(bob->receive(one) == 1);
}

// ZeroMQ counts milliseconds, so that a wait may end a part of one early.
TEST_CASE("room for what was refused ends the wait, once") {
  const auto alice = open_zmq(patient_options(kAlice, kAnyPort));
  const auto bob = open_zmq(patient_options(kBob, kAnyPort));
  REQUIRE(alice->connect(kBob, bob->address()).ok());
  Sent sent = alice->send(kBob, Channel::kBulk, numbered(1));  // before bob can have answered
  while (sent != Sent::kQueued) {
    alice->wait(std::chrono::hours(1));
    sent = alice->send(kBob, Channel::kBulk, numbered(1));
  }
  const runtime::WallClock clock;
  const runtime::Instant begin = clock.now();
  alice->wait(kMoment);
  REQUIRE(clock.now() - begin > kMoment / 2);
}

TEST_CASE("a neighbour that never answered does not end the wait") {
  const auto transport = open_zmq(patient_options(kAlice, kAnyPort));
  REQUIRE(transport->connect(kBob, {"ipc:///nowhere/p1", "ipc:///nowhere/p1.bulk"}).ok());
  REQUIRE(transport->send(kBob, Channel::kBulk, numbered(1)) == Sent::kQueueFull);
  const runtime::WallClock clock;
  const runtime::Instant begin = clock.now();
  transport->wait(kMoment);
  REQUIRE(clock.now() - begin > kMoment / 2);
  transport->disconnect(kBob);  // and is not looked at again
  transport->wait(runtime::Duration{0});
}

TEST_CASE("a wait of no time and a wait of less than none return") {
  const auto transport = open_zmq(patient_options(kAlice, kAnyPort));
  transport->wait(runtime::Duration{0});
  transport->wait(-std::chrono::hours(1));
  transport->wait(runtime::Duration{1});
}

TEST_CASE("what was queued before the end still leaves") {
  const auto bob = open_zmq(patient_options(kBob, kAnyPort));
  auto alice = open_zmq(patient_options(kAlice, kAnyPort));
  REQUIRE(alice->connect(kBob, bob->address()).ok());
  REQUIRE(reaches(*alice, *bob, 1));
  std::array<Delivery, 8> rest;
  (void)bob->receive(rest);
  REQUIRE(alice->send(kBob, Channel::kControl, numbered(2)) == Sent::kQueued);
  alice.reset();
  std::uint32_t last = 1;
  for (int moment = 0; moment < kMomentsMax && last != 2; ++moment) {
    bob->wait(kMoment);
    const std::size_t count = bob->receive(rest);
    if (count > 0) last = number_of(rest[count - 1]);
  }
  REQUIRE(last == 2);
}

TEST_CASE("a message that no receiver would take is a bug of the sender") {
  const ChildEnd end = end_of_child([] {
    runtime::ZmqOptions options = patient_options(kAlice, kAnyPort);
    options.message_bytes_max = 1000;
    const auto opened = ZmqTransport::open(options);
    (void)(*opened)->send(kBob, Channel::kBulk, numbered(1, 1001));
  });
  REQUIRE(end.errors.find("check failed: frame.size() <= ") != std::string::npos);
}
