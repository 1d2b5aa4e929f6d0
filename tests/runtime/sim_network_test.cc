// The network in virtual time: when things happen.

#include "runtime/sim_network.h"

#include <array>
#include <chrono>
#include <vector>

#include "tests/runtime/child_process.h"
#include "tests/runtime/messages.h"
#include "tests/support/catch.h"

using runtime::Channel;
using runtime::Delivery;
using runtime::Duration;
using runtime::Instant;
using runtime::Link;
using runtime::PeerId;
using runtime::Sent;
using runtime::SimNetwork;
using std::chrono::microseconds;
using std::chrono::milliseconds;

namespace {

constexpr PeerId kA{0};
constexpr PeerId kB{1};

Duration time_of(const SimNetwork& network) { return network.clock().now().time_since_epoch(); }

void send(SimNetwork& network, Channel channel, std::uint32_t number, std::size_t bytes = 4) {
  REQUIRE(network.transport_of(kA).send(kB, channel, numbered(number, bytes)) == Sent::kQueued);
}

std::vector<std::uint32_t> numbers_at(SimNetwork& network, PeerId peer) {
  std::vector<std::uint32_t> numbers;
  std::array<Delivery, 4> deliveries;
  while (const std::size_t count = network.transport_of(peer).receive(deliveries))
    for (std::size_t i = 0; i < count; ++i) numbers.push_back(number_of(deliveries[i]));
  return numbers;
}

}  // namespace

TEST_CASE("in a network where nothing was asked for nothing happens") {
  SimNetwork network(1, 1);
  REQUIRE_FALSE(network.run_next_event());
  REQUIRE(time_of(network) == Duration{0});
  REQUIRE(network.events_run() == 0);
}

TEST_CASE("time stands at each event's instant while it runs") {
  SimNetwork network(1, 1);
  std::vector<Duration> seen;
  for (const int at : {30, 10, 20})
    network.call_at(Instant{milliseconds(at)}, [&] { seen.push_back(time_of(network)); });
  while (network.run_next_event()) {
  }
  REQUIRE(seen == std::vector<Duration>{milliseconds(10), milliseconds(20), milliseconds(30)});
  REQUIRE(network.events_run() == 3);
}

TEST_CASE("an action may ask for another, and the past is now") {
  SimNetwork network(1, 1);
  std::vector<Duration> seen;
  network.call_at(Instant{milliseconds(10)}, [&] {
    network.call_at(Instant{milliseconds(5)}, [&] { seen.push_back(time_of(network)); });
  });
  while (network.run_next_event()) {
  }
  REQUIRE(seen == std::vector<Duration>{milliseconds(10)});
}

TEST_CASE("a message is there after the delay, and not before") {
  SimNetwork network(2, 1);
  network.link(kA, kB).delay = milliseconds(7);
  send(network, Channel::kControl, 1);
  REQUIRE(numbers_at(network, kB).empty());
  REQUIRE(network.run_next_event());
  REQUIRE(time_of(network) == milliseconds(7));
  REQUIRE(numbers_at(network, kB) == std::vector<std::uint32_t>{1});
}

TEST_CASE("an arrival is announced once the message can be received") {
  SimNetwork network(2, 1);
  std::vector<std::uint32_t> seen;
  network.on_arrival(kB, [&] { seen = numbers_at(network, kB); });
  send(network, Channel::kBulk, 5);
  REQUIRE(seen.empty());
  REQUIRE(network.run_next_event());
  REQUIRE(seen == std::vector<std::uint32_t>{5});
}

TEST_CASE("an arrival's action may replace itself") {
  SimNetwork network(2, 1);
  std::string calls;
  network.on_arrival(kB, [&] {
    calls += "first ";
    network.on_arrival(kB, [&] { calls += "second "; });
  });
  for (std::uint32_t number = 0; number < 3; ++number) send(network, Channel::kBulk, number);
  while (network.run_next_event()) {
  }
  REQUIRE(calls == "first second second ");
}

TEST_CASE("messages of one channel share the bandwidth one after the other, to the nanosecond") {
  SimNetwork network(2, 1);
  network.set_all_links({.delay = milliseconds(1), .bandwidth_bytes = 1e6});
  for (std::uint32_t number = 0; number < 3; ++number)
    send(network, Channel::kBulk, number, 5000);  // 5 ms each
  for (const int arrival : {6, 11, 16}) {
    REQUIRE(network.run_next_event());
    REQUIRE(time_of(network) == milliseconds(arrival));
  }
  // The channel has been idle since 15 ms: the next one does not wait.
  send(network, Channel::kBulk, 3, 1000);
  REQUIRE(network.run_next_event());
  REQUIRE(time_of(network) == milliseconds(18));
}

TEST_CASE("all frames of a message take their share of the bandwidth") {
  SimNetwork network(2, 1);
  network.set_all_links({.delay = Duration{0}, .bandwidth_bytes = 1e6});
  const std::array frames{frame_of(1000, 1), frame_of(0, 2), frame_of(2000, 3)};
  REQUIRE(network.transport_of(kA).send(kB, Channel::kBulk, frames) == Sent::kQueued);
  REQUIRE(network.run_next_event());
  REQUIRE(time_of(network) == milliseconds(3));
}

TEST_CASE("a control message does not wait for bulk ones") {
  SimNetwork network(2, 1);
  network.set_all_links({.delay = milliseconds(1), .bandwidth_bytes = 1e6});
  send(network, Channel::kBulk, 1, 5'000'000);
  send(network, Channel::kControl, 2, 1000);
  REQUIRE(network.run_next_event());
  REQUIRE(time_of(network) == milliseconds(2));
  REQUIRE(numbers_at(network, kB) == std::vector<std::uint32_t>{2});
}

TEST_CASE("control messages are received before bulk ones that came earlier") {
  SimNetwork network(2, 1);
  send(network, Channel::kBulk, 1);
  send(network, Channel::kControl, 2);
  while (network.run_next_event()) {
  }
  REQUIRE(numbers_at(network, kB) == std::vector<std::uint32_t>{2, 1});
}

TEST_CASE("links have a direction, and each its own queue") {
  SimNetwork network(3, 1);
  network.link(kA, kB).delay = milliseconds(5);
  network.link(kB, kA).delay = milliseconds(3);
  REQUIRE(network.transport_of(kB).send(kA, Channel::kBulk, numbered(1)) == Sent::kQueued);
  send(network, Channel::kBulk, 2);
  REQUIRE(network.run_next_event());
  REQUIRE(numbers_at(network, kA) == std::vector<std::uint32_t>{1});
  REQUIRE(network.run_next_event());
  REQUIRE(numbers_at(network, kB) == std::vector<std::uint32_t>{2});
  REQUIRE(time_of(network) == milliseconds(5));
}

TEST_CASE("bytes are referenced, not copied") {
  SimNetwork network(2, 1);
  const std::array frames{frame_of(1000, 1)};
  REQUIRE(network.transport_of(kA).send(kB, Channel::kBulk, frames) == Sent::kQueued);
  REQUIRE(network.run_next_event());
  std::array<Delivery, 1> one;
  REQUIRE(network.transport_of(kB).receive(one) == 1);
  REQUIRE(one[0].frames[0].bytes().data() == frames[0].bytes().data());
}

TEST_CASE("a queue is full at the bound, and has room for each message received") {
  SimNetwork network(2, 1);
  for (std::uint32_t i = 0; i < runtime::kSimQueueMessagesMax; ++i)
    send(network, Channel::kBulk, i);
  runtime::Transport& a = network.transport_of(kA);
  REQUIRE(a.send(kB, Channel::kBulk, numbered(999)) == Sent::kQueueFull);
  while (network.run_next_event()) {
  }
  REQUIRE(a.send(kB, Channel::kBulk, numbered(999)) == Sent::kQueueFull);
  std::array<Delivery, 3> three;
  REQUIRE(network.transport_of(kB).receive(three) == 3);
  for (std::uint32_t i = 0; i < 3; ++i) send(network, Channel::kBulk, 100 + i);
  REQUIRE(a.send(kB, Channel::kBulk, numbered(999)) == Sent::kQueueFull);
}

TEST_CASE("peers that are not there have neither transport nor link") {
  require_check_fails([] { (void)SimNetwork(2, 1).transport_of(PeerId{2}); }, "state_->knows(id)");
  require_check_fails([] { (void)SimNetwork(2, 1).link(kA, PeerId{2}); }, "knows(from)");
}
