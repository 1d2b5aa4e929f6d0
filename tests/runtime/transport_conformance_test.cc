// What runtime/transport.h promises, held to by every transport there is.

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "tests/runtime/messages.h"
#include "tests/runtime/transport_pairs.h"
#include "tests/support/catch.h"

using runtime::Channel;
using runtime::Delivery;
using runtime::Frame;
using runtime::Sent;
using runtime::Transport;

#define TRANSPORT_TEST(claim) \
  TEMPLATE_TEST_CASE(claim, "[transport]", TcpPair, IpcPair, CurvePair, SimPair)

namespace {

using Message = std::vector<Frame>;

// Offers the message until it is taken; false when it never was.
template <typename Pair>
bool send(Pair& pair, Transport& from, runtime::PeerId to, Channel channel,
          const Message& message) {
  for (int moment = 0; moment < kMomentsMax; ++moment) {
    const Sent sent = from.send(to, channel, message);
    if (sent != Sent::kQueueFull) return sent == Sent::kQueued;
    pair.pass_time();
  }
  return false;
}

// The next `count` messages, or fewer when they do not come.
template <typename Pair>
std::vector<Delivery> receive(Pair& pair, Transport& at, std::size_t count) {
  std::vector<Delivery> deliveries(count);
  std::size_t received = 0;
  for (int moment = 0; received < count && moment < kMomentsMax; ++moment) {
    const std::size_t more = at.receive(std::span(deliveries).subspan(received));
    received += more;
    if (more == 0) pair.pass_time();
  }
  deliveries.resize(received);
  return deliveries;
}

// Numbered messages until Bob's queue says that it is full; how many were taken.
template <typename Pair>
std::uint32_t fill(Pair& pair, Channel channel, std::size_t bytes) {
  constexpr std::uint32_t kMessagesMax = 20'000;
  REQUIRE(send(pair, pair.alice(), kBob, channel, numbered(0, bytes)));
  std::uint32_t taken = 1;
  int refused_in_a_row = 0;
  while (refused_in_a_row < 20 && taken < kMessagesMax) {
    const bool queued = pair.alice().send(kBob, channel, numbered(taken, bytes)) == Sent::kQueued;
    taken += queued ? 1 : 0;
    refused_in_a_row = queued ? 0 : refused_in_a_row + 1;
    if (!queued) pair.pass_time();
  }
  REQUIRE(taken < kMessagesMax);
  return taken;
}

}  // namespace

TRANSPORT_TEST("who was sent nothing receives nothing") {
  TestType pair;
  std::array<Delivery, 4> deliveries;
  pair.pass_time();
  REQUIRE(pair.bob().receive(deliveries) == 0);
  REQUIRE(pair.bob().receive({}) == 0);
}

TRANSPORT_TEST("a peer that was never heard of is told apart from one that is busy") {
  TestType pair;
  const Message message{frame_of(4, 1)};
  REQUIRE(pair.alice().send(kNobody, Channel::kControl, message) == Sent::kUnknownPeer);
  REQUIRE(pair.alice().send(kNobody, Channel::kBulk, message) == Sent::kUnknownPeer);
}

TRANSPORT_TEST("a frame of any size arrives whole, on both channels") {
  TestType pair;
  const auto size = GENERATE(as<std::size_t>(), 0, 1, 40, 1023, 1024, 4000, 9000, 5U << 20U);
  const Channel channel = GENERATE(Channel::kControl, Channel::kBulk);
  CAPTURE(size);
  REQUIRE(send(pair, pair.alice(), kBob, channel, {frame_of(size, 7)}));
  const std::vector<Delivery> deliveries = receive(pair, pair.bob(), 1);
  REQUIRE(deliveries.size() == 1);
  REQUIRE(deliveries[0].from == kAlice);
  REQUIRE(deliveries[0].channel == channel);
  REQUIRE(deliveries[0].frames.size() == 1);
  REQUIRE(holds(deliveries[0].frames[0], pattern(size, 7)));
}

TRANSPORT_TEST("several frames arrive together and in order") {
  TestType pair;
  const std::vector<std::size_t> sizes{40, 0, 3U << 20U, 1, 4000};
  Message message;
  for (std::uint32_t i = 0; i < sizes.size(); ++i) message.push_back(frame_of(sizes[i], i));
  REQUIRE(send(pair, pair.alice(), kBob, Channel::kBulk, message));
  const std::vector<Delivery> deliveries = receive(pair, pair.bob(), 1);
  REQUIRE(deliveries.size() == 1);
  REQUIRE(deliveries[0].frames.size() == sizes.size());
  for (std::uint32_t i = 0; i < sizes.size(); ++i)
    REQUIRE(holds(deliveries[0].frames[i], pattern(sizes[i], i)));
}

TRANSPORT_TEST("a message may have as many frames as the contract says") {
  TestType pair;
  const Message message(runtime::kMessageFramesMax, frame_of(10, 3));
  REQUIRE(send(pair, pair.alice(), kBob, Channel::kControl, message));
  const std::vector<Delivery> deliveries = receive(pair, pair.bob(), 1);
  REQUIRE(deliveries.size() == 1);
  REQUIRE(deliveries[0].frames.size() == runtime::kMessageFramesMax);
}

TRANSPORT_TEST("messages of one channel arrive once each, in the order they were sent") {
  TestType pair;
  constexpr std::uint32_t kMessages = 500;
  std::array<std::uint32_t, 2> expected{};
  std::array<Delivery, 16> deliveries;
  const auto receive_some = [&] {
    const std::size_t count = pair.bob().receive(deliveries);
    for (std::size_t i = 0; i < count; ++i) {
      std::uint32_t& next = expected[deliveries[i].channel == Channel::kControl ? 0 : 1];
      REQUIRE(number_of(deliveries[i]) == next++);
    }
  };
  for (std::uint32_t number = 0; number < kMessages; ++number) {
    // Sizes on both sides of where a transport may begin to share instead of copy.
    const Message message = numbered(number, number % 3 == 0 ? 3000 : 30);
    for (const Channel channel : {Channel::kControl, Channel::kBulk})
      while (pair.alice().send(kBob, channel, message) != Sent::kQueued) {
        pair.pass_time();
        receive_some();
      }
  }
  for (int i = 0; i < kMomentsMax && expected != std::array{kMessages, kMessages}; ++i) {
    receive_some();
    pair.pass_time();
  }
  REQUIRE(expected == std::array{kMessages, kMessages});
}

TRANSPORT_TEST("receive takes no more than there is room for, and nothing is lost over it") {
  TestType pair;
  for (std::uint32_t number = 0; number < 5; ++number)
    REQUIRE(send(pair, pair.alice(), kBob, Channel::kBulk, numbered(number)));
  for (std::uint32_t number = 0; number < 5; ++number) {
    const std::vector<Delivery> one = receive(pair, pair.bob(), 1);
    REQUIRE(one.size() == 1);
    REQUIRE(number_of(one[0]) == number);
  }
}

TRANSPORT_TEST("two peers can talk at the same time") {
  TestType pair;
  for (std::uint32_t number = 0; number < 5; ++number) {
    REQUIRE(send(pair, pair.alice(), kBob, Channel::kControl, numbered(number)));
    REQUIRE(send(pair, pair.bob(), kAlice, Channel::kControl, numbered(100 + number)));
  }
  const std::vector<Delivery> at_bob = receive(pair, pair.bob(), 5);
  const std::vector<Delivery> at_alice = receive(pair, pair.alice(), 5);
  REQUIRE(at_bob.size() == 5);
  REQUIRE(at_alice.size() == 5);
  REQUIRE(at_bob[4].from == kAlice);
  REQUIRE(at_alice[4].from == kBob);
  REQUIRE(number_of(at_bob[4]) == 4);
  REQUIRE(number_of(at_alice[4]) == 104);
}

TRANSPORT_TEST(
    "of what a peer does not read a bounded queue is kept, and just what was taken arrives") {
  TestType pair;
  const Channel channel = GENERATE(Channel::kControl, Channel::kBulk);
  constexpr std::size_t kBytes = 64U << 10U;
  const std::uint32_t taken = fill(pair, channel, kBytes);
  CAPTURE(taken);
  const std::vector<Delivery> deliveries = receive(pair, pair.bob(), taken);
  REQUIRE(deliveries.size() == taken);
  for (std::uint32_t number = 0; number < taken; ++number)
    REQUIRE(number_of(deliveries[number]) == number);
  // Room again, and what comes next is what is sent next: no refused message came by.
  REQUIRE(send(pair, pair.alice(), kBob, channel, numbered(taken)));
  const std::vector<Delivery> next = receive(pair, pair.bob(), 1);
  REQUIRE(next.size() == 1);
  REQUIRE(number_of(next[0]) == taken);
}

TRANSPORT_TEST("a full bulk channel does not hold up control messages") {
  TestType pair;
  (void)fill(pair, Channel::kBulk, 64U << 10U);
  REQUIRE(send(pair, pair.alice(), kBob, Channel::kControl, numbered(7)));
  // Control comes first, so the one message is found before the bulk ones, however long it takes.
  for (int moment = 0; moment < kMomentsMax; ++moment) {
    std::array<Delivery, 1> first;
    if (pair.bob().receive(first) == 1 && first[0].channel == Channel::kControl) {
      REQUIRE(number_of(first[0]) == 7);
      return;
    }
    pair.pass_time();
  }
  FAIL("the control message did not arrive");
}

TRANSPORT_TEST("a dead peer takes nothing") {
  TestType pair;
  REQUIRE(send(pair, pair.alice(), kBob, Channel::kBulk, numbered(0)));
  REQUIRE(receive(pair, pair.bob(), 1).size() == 1);
  pair.kill_bob();
  // It may take a while to be noticed; after that every message is refused.
  int refused_in_a_row = 0;
  for (int moment = 0; moment < kMomentsMax && refused_in_a_row < 10; ++moment) {
    const Sent sent = pair.alice().send(kBob, Channel::kBulk, numbered(1));
    refused_in_a_row = sent == Sent::kQueueFull ? refused_in_a_row + 1 : 0;
    pair.pass_time();
  }
  REQUIRE(refused_in_a_row == 10);
}

TRANSPORT_TEST("when a dead peer comes back, messages flow again, both ways") {
  TestType pair;
  REQUIRE(send(pair, pair.alice(), kBob, Channel::kBulk, numbered(0)));
  REQUIRE(receive(pair, pair.bob(), 1).size() == 1);
  pair.kill_bob();
  pair.restart_bob();
  // What is sent before the new connection stands may be lost with the old one: send again.
  std::optional<Delivery> arrived;
  for (int moment = 0; moment < kMomentsMax && !arrived; ++moment) {
    (void)pair.alice().send(kBob, Channel::kBulk, numbered(1));
    pair.pass_time();
    std::array<Delivery, 1> one;
    if (pair.bob().receive(one) == 1) arrived = one[0];
  }
  REQUIRE(arrived.has_value());
  REQUIRE(number_of(*arrived) == 1);
  REQUIRE(send(pair, pair.bob(), kAlice, Channel::kControl, numbered(2)));
  const std::vector<Delivery> answer = receive(pair, pair.alice(), 1);
  REQUIRE(answer.size() == 1);
  REQUIRE(answer[0].from == kBob);
  REQUIRE(number_of(answer[0]) == 2);
}

TRANSPORT_TEST("what was received outlives the transport") {
  Frame kept;
  {
    TestType pair;
    REQUIRE(send(pair, pair.alice(), kBob, Channel::kBulk, {frame_of(100'000, 5)}));
    const std::vector<Delivery> deliveries = receive(pair, pair.bob(), 1);
    REQUIRE(deliveries.size() == 1);
    kept = deliveries[0].frames[0];
  }
  REQUIRE(holds(kept, pattern(100'000, 5)));
}

TRANSPORT_TEST("what was sent is let go of when the transport has ended, if not before") {
  const auto owner = std::make_shared<std::vector<std::byte>>(pattern(100'000, 6));
  const std::weak_ptr<std::vector<std::byte>> watch = owner;
  {
    TestType pair;
    const Message message{Frame(owner, *owner)};
    REQUIRE(send(pair, pair.alice(), kBob, Channel::kBulk, message));
    REQUIRE(send(pair, pair.alice(), kBob, Channel::kBulk, message));
    REQUIRE(receive(pair, pair.bob(), 1).size() == 1);
  }
  REQUIRE(watch.use_count() == 1);
}

TRANSPORT_TEST("a message that was refused is not kept") {
  TestType pair;
  (void)fill(pair, Channel::kBulk, 64U << 10U);
  auto owner = std::make_shared<std::vector<std::byte>>(pattern(2000, 6));
  const Message message{Frame(owner, *owner), Frame(owner, *owner)};
  REQUIRE(pair.alice().send(kBob, Channel::kBulk, message) == Sent::kQueueFull);
  REQUIRE(owner.use_count() == 3);
}
