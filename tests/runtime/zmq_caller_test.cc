// Questions from outside of a run, and answers on the connections by which they came.

#include "runtime/zmq_caller.h"

#include <array>

#include "tests/runtime/messages.h"
#include "tests/runtime/transport_pairs.h"
#include "tests/support/catch.h"

using runtime::Channel;
using runtime::Delivery;
using runtime::Frame;
using runtime::ZmqCaller;
using Reach = ZmqCaller::Reach;

namespace {

constexpr runtime::PeerId kCaller{1001};

std::unique_ptr<ZmqCaller> open(const ZmqCaller::Options& options) {
  auto caller = ZmqCaller::open(options);
  REQUIRE(caller.ok());
  return std::move(caller).value();
}

std::unique_ptr<ZmqCaller> call(const runtime::ZmqTransport& peer, runtime::PeerId self = kCaller) {
  return open({.self = self, .candidates = {peer.address()}});
}

// What arrives at `peer` when `caller` says `number` until it does.
Delivery said(ZmqCaller& caller, runtime::ZmqTransport& peer, std::uint32_t number) {
  std::array<Delivery, 1> one;
  for (int moment = 0; moment < kMomentsMax; ++moment) {
    (void)caller.send(numbered(number));
    peer.wait(kMoment);
    if (peer.receive(one) == 1 && number_of(one[0]) == number) return one[0];
  }
  FAIL("never arrived");
  return {};
}

bool comes_to(ZmqCaller& caller, Reach reach) {
  for (int moment = 0; moment < kMomentsMax; ++moment) {
    if (caller.reach() == reach) return true;
    (void)caller.receive(kMoment);
  }
  return false;
}

std::uint32_t answer(ZmqCaller& caller) {
  for (int moment = 0; moment < kMomentsMax; ++moment)
    if (const auto frames = caller.receive(kMoment))
      return number_of({.from = {}, .channel = Channel::kControl, .frames = *frames});
  FAIL("no answer");
  return 0;
}

}  // namespace

TEST_CASE("who asks is answered by the way it came, and nobody else is") {
  const auto peer = open_zmq(patient_options(kBob, "tcp://127.0.0.1:0"));
  const auto first = call(*peer);
  const auto second = call(*peer, runtime::PeerId{1002});
  CHECK(said(*first, *peer, 1).from == kCaller);
  CHECK(said(*second, *peer, 2).from == runtime::PeerId{1002});
  peer->reply(kCaller, numbered(10));
  peer->reply(runtime::PeerId{1002}, numbered(20));
  CHECK(answer(*first) == 10);
  CHECK(answer(*second) == 20);
  CHECK(first->reach() == Reach::kPeer);
}

TEST_CASE("an answer to somebody who is not there is dropped") {
  const auto peer = open_zmq(patient_options(kBob, "tcp://127.0.0.1:0"));
  peer->reply(kNobody, numbered(1));
  const auto caller = call(*peer);
  CHECK(said(*caller, *peer, 2).from == kCaller);
  peer->reply(kCaller, numbered(3));
  CHECK(answer(*caller) == 3);
}

TEST_CASE("what comes from this machine, or by an authorized key, is trusted") {
  const auto peer = open_zmq(patient_options(kBob, "tcp://127.0.0.1:0"));
  CHECK(said(*call(*peer), *peer, 1).trusted);
  const TemporaryFolder folder;
  const auto near = open_zmq(patient_options(kBob, "ipc://" + folder.path() + "/bob"));
  CHECK(said(*call(*near), *near, 1).trusted);
  const runtime::KeyPair keys = runtime::generate_keys();
  runtime::ZmqOptions options = patient_options(kBob, "tcp://127.0.0.1:0");
  options.curve = runtime::CurveOptions{.keys = keys};
  const auto guarded = open_zmq(options);
  const auto caller = open({.self = kCaller, .candidates = {guarded->address()}, .keys = keys});
  CHECK(said(*caller, *guarded, 1).trusted);
}

TEST_CASE("of the keys that a peer may have the right one gets through") {
  const runtime::KeyPair keys = runtime::generate_keys();
  runtime::ZmqOptions options = patient_options(kBob, "tcp://127.0.0.1:0");
  options.curve = runtime::CurveOptions{.keys = keys};
  const auto peer = open_zmq(options);
  runtime::Address wrong = peer->address();
  wrong.key = runtime::generate_keys().public_key;
  const auto caller =
      open({.self = kCaller, .candidates = {wrong, peer->address(), wrong}, .keys = keys});
  CHECK(said(*caller, *peer, 7).from == kCaller);
  peer->reply(kCaller, numbered(8));
  CHECK(answer(*caller) == 8);
  CHECK(caller->reach() == Reach::kPeer);
}

TEST_CASE("where nobody listens, nobody is reached; who ends is lost") {
  auto peer = open_zmq(patient_options(kBob, "tcp://127.0.0.1:0"));
  const auto caller = call(*peer);
  CHECK(said(*caller, *peer, 1).from == kCaller);
  const runtime::Address address = peer->address();
  peer.reset();
  CHECK(comes_to(*caller, Reach::kLost));
  const auto late = open({.self = kCaller, .candidates = {address}});
  CHECK_FALSE(late->send(numbered(1)));
  CHECK_FALSE(late->receive(kMoment).has_value());
  CHECK(late->reach() == Reach::kNobody);
}

TEST_CASE("a peer with keys is somebody to who has none, and no more") {
  runtime::ZmqOptions options = patient_options(kBob, "tcp://127.0.0.1:0");
  options.curve = runtime::CurveOptions{.keys = runtime::generate_keys()};
  const auto peer = open_zmq(options);
  const auto caller = call(*peer);
  CHECK(comes_to(*caller, Reach::kSomebody));
  CHECK_FALSE(caller->send(numbered(1)));
}

TEST_CASE("what cannot be dialled is refused") {
  for (const char* endpoint : {"", "tcp://127.0.0.1:0", "http://here", "tcp://*:7000"}) {
    const auto caller = ZmqCaller::open(
        {.self = kCaller, .candidates = {{.control = endpoint, .bulk = "", .key = ""}}});
    CHECK_FALSE(caller.ok());
  }
}
