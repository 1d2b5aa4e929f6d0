// What others may do to a socket that listens: none of it may end, block or confuse a peer.

#include <array>
#include <string>
#include <zmq.hpp>

#include "tests/runtime/messages.h"
#include "tests/runtime/raw_connection.h"
#include "tests/runtime/transport_pairs.h"
#include "tests/support/catch.h"

using runtime::Channel;
using runtime::Delivery;
using runtime::Random;
using runtime::ZmqTransport;

namespace {

// A peer that listens, and another that must always be able to reach it.
struct Listener {
  Listener() { REQUIRE(friendly->connect(kBob, self->address()).ok()); }

  // True once a message sent now has arrived and nothing came before it from anybody else.
  bool hears_friend(std::uint32_t number) {
    for (int moment = 0; moment < kMomentsMax; ++moment) {
      (void)friendly->send(kBob, Channel::kBulk, numbered(number));
      self->wait(kMoment);
      std::array<Delivery, 1> one;
      if (self->receive(one) == 0) continue;
      if (one[0].from != kAlice) return false;
      if (number_of(one[0]) == number) return true;
    }
    return false;
  }

  static runtime::ZmqOptions options() {
    runtime::ZmqOptions options = patient_options(kBob, "tcp://127.0.0.1:0");
    options.message_bytes_max = 100'000;
    return options;
  }

  std::unique_ptr<ZmqTransport> self = open_zmq(options());
  std::unique_ptr<ZmqTransport> friendly = open_zmq(patient_options(kAlice, "tcp://127.0.0.1:0"));
};

// A ZeroMQ program that is none of ours.
struct ForeignDealer {
  ForeignDealer(const Listener& listener, const std::string& routing_id)
      : socket(context, zmq::socket_type::dealer) {
    socket.set(zmq::sockopt::linger, 0);
    if (!routing_id.empty()) socket.set(zmq::sockopt::routing_id, routing_id);
    socket.connect(listener.self->address().bulk);
  }
  void send(std::size_t frames, std::size_t bytes) {
    for (std::size_t i = 0; i < frames; ++i)
      socket.send(zmq::message_t(std::string(bytes, 'x')),
                  i + 1 < frames ? zmq::send_flags::sndmore : zmq::send_flags::none);
  }
  zmq::context_t context;
  zmq::socket_t socket;
};

// Lets the listener read, without giving it anything to expect, until it has refused so many.
bool refuses(Listener& listener, std::uint64_t count) {
  std::array<Delivery, 4> none;
  for (int moment = 0; moment < kMomentsMax; ++moment) {
    if (listener.self->receive(none) != 0) return false;
    if (listener.self->refused_count() >= count) return listener.self->refused_count() == count;
    listener.self->wait(kMoment);
  }
  return false;
}

}  // namespace

TEST_CASE("a connection that says nothing hurts nobody") {
  Listener listener;
  const RawConnection control(listener.self->address().control);
  const RawConnection bulk(listener.self->address().bulk);
  REQUIRE(listener.hears_friend(1));
  REQUIRE(listener.self->refused_count() == 0);
}

TEST_CASE("random bytes hurt nobody") {
  const std::uint64_t seed = GENERATE(range<std::uint64_t>(1, 6));
  CAPTURE(seed);
  Random random(seed);
  Listener listener;
  for (std::uint32_t i = 0; i < 10; ++i) {
    RawConnection stranger(i % 2 == 0 ? listener.self->address().control
                                      : listener.self->address().bulk);
    stranger.write(random_bytes(random, random.below(20'000)));
    if (i % 5 == 0) REQUIRE(listener.hears_friend(i));
  }
  REQUIRE(listener.hears_friend(100));
}

TEST_CASE("random bytes after a greeting of ZeroMQ's own hurt nobody") {
  const std::uint64_t seed = GENERATE(range<std::uint64_t>(1, 6));
  CAPTURE(seed);
  Random random(seed);
  Listener listener;
  std::string greeting("\xff\0\0\0\0\0\0\0\x01\x7f\x03\0NULL", 16);
  greeting.resize(64, '\0');
  for (std::uint32_t i = 0; i < 10; ++i) {
    RawConnection stranger(listener.self->address().bulk);
    stranger.write(greeting);
    stranger.write(random_bytes(random, random.below(5'000)));
  }
  REQUIRE(listener.hears_friend(100));
}

TEST_CASE("a stranger's message is refused and counted") {
  const std::string routing_id =
      GENERATE(as<std::string>(), "", "x", "foreign", "q12345678", "p1234567", "p123456789");
  CAPTURE(routing_id);
  Listener listener;
  ForeignDealer stranger(listener, routing_id);
  stranger.send(1, 10);
  stranger.send(3, 10);
  REQUIRE(refuses(listener, 2));
  REQUIRE(listener.hears_friend(1));
}

TEST_CASE("a peer of another launch is refused, and takes no connection over from its namesake") {
  Listener listener;
  listener.self->set_launch(7);
  runtime::ZmqOptions options = patient_options(kAlice, "tcp://127.0.0.1:0");
  options.launch = 7;
  const auto alice = open_zmq(options);
  REQUIRE(alice->connect(kBob, listener.self->address()).ok());
  const auto hears_alice = [&](std::uint32_t number) {
    for (int moment = 0; moment < kMomentsMax; ++moment) {
      (void)alice->send(kBob, Channel::kControl, numbered(number));
      listener.self->wait(kMoment);
      std::array<Delivery, 1> one;
      if (listener.self->receive(one) == 1 && number_of(one[0]) == number) return true;
    }
    return false;
  };
  REQUIRE(hears_alice(1));
  {
    options.launch = 8;
    const auto namesake = open_zmq(options);
    REQUIRE(namesake->connect(kBob, listener.self->address()).ok());
    while (listener.self->refused_count() == 0) {
      (void)namesake->send(kBob, Channel::kControl, numbered(2));
      listener.self->wait(kMoment);
      std::array<Delivery, 1> one;
      if (listener.self->receive(one) == 1) REQUIRE(number_of(one[0]) == 1);
    }
  }
  REQUIRE(hears_alice(3));
  REQUIRE(listener.hears_friend(4));  // of no launch
}

TEST_CASE("a message of too many frames is refused and counted, whoever sends it") {
  Listener listener;
  ForeignDealer stranger(listener, "p12345678");
  stranger.send(runtime::kMessageFramesMax + 1, 10);
  stranger.send(10'000, 0);
  REQUIRE(refuses(listener, 2));
  REQUIRE(listener.hears_friend(1));
}

TEST_CASE("a flood of refused messages does not keep receive from returning") {
  Listener listener;
  ForeignDealer stranger(listener, "x");
  for (int i = 0; i < 200; ++i) stranger.send(1, 10);
  REQUIRE(refuses(listener, 200));
  REQUIRE(listener.hears_friend(1));
}

TEST_CASE("a frame that is too large does not arrive, and its connection is closed") {
  Listener listener;
  ForeignDealer stranger(listener, "p12345678");
  stranger.send(1, 100'001);
  REQUIRE(listener.hears_friend(1));
  REQUIRE(listener.self->refused_count() == 0);
}
