// The network in virtual time: what goes wrong, and that it goes wrong the same way every time.

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <vector>

#include "runtime/random.h"
#include "runtime/sim_network.h"
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
using std::chrono::milliseconds;

namespace {

constexpr PeerId kA{0};
constexpr PeerId kB{1};

using Numbers = std::vector<std::uint32_t>;

void drain(SimNetwork& network, PeerId peer, Numbers& numbers) {
  std::array<Delivery, 16> deliveries;
  while (const std::size_t count = network.transport_of(peer).receive(deliveries))
    for (std::size_t i = 0; i < count; ++i) numbers.push_back(number_of(deliveries[i]));
}

void run_all(SimNetwork& network) {
  while (network.run_next_event()) {
  }
}

Sent send(SimNetwork& network, std::uint32_t number, std::size_t bytes = 4) {
  return network.transport_of(kA).send(kB, Channel::kBulk, numbered(number, bytes));
}

// What arrives of `count` messages, one sent each 100 us and read at once.
Numbers arrivals(const Link& link, std::uint32_t count, std::uint64_t seed) {
  SimNetwork network(2, seed);
  network.set_all_links(link);
  Numbers numbers;
  network.on_arrival(kB, [&] { drain(network, kB, numbers); });
  for (std::uint32_t i = 0; i < count; ++i)
    network.call_at(Instant{std::chrono::microseconds(100) * i},
                    [&network, i] { REQUIRE(send(network, i) == Sent::kQueued); });
  run_all(network);
  return numbers;
}

std::set<std::uint32_t> distinct(const Numbers& numbers) {
  return {numbers.begin(), numbers.end()};
}

// Some minutes in the life of five peers on a bad network; the fingerprint of it all.
std::uint64_t fingerprint_of_a_storm(std::uint64_t seed) {
  constexpr std::uint32_t kPeers = 5;
  SimNetwork network(kPeers, seed);
  network.set_all_links({.delay = milliseconds(2),
                         .bandwidth_bytes = 1e6,
                         .loss_probability = 0.1,
                         .duplicate_probability = 0.1,
                         .reorder_probability = 0.1});
  runtime::Random traffic(7);  // the same whatever `seed` is
  Numbers numbers;
  for (std::uint32_t i = 0; i < 2000; ++i)
    network.call_at(Instant{milliseconds(i)}, [&network, &traffic, &numbers, i] {
      const PeerId from{traffic.below(kPeers)};
      const PeerId to{traffic.below(kPeers)};
      (void)network.transport_of(from).send(to, Channel::kBulk, numbered(i, 100));
      if (i % 100 == 50) network.set_alive(to, i % 200 == 50);
      drain(network, from, numbers);
    });
  run_all(network);
  return network.fingerprint();
}

}  // namespace

TEST_CASE("a network without faults loses, repeats and overtakes nothing") {
  const Numbers numbers = arrivals({}, 1000, 1);
  REQUIRE(numbers.size() == 1000);
  REQUIRE(std::ranges::is_sorted(numbers));
  REQUIRE(distinct(numbers).size() == 1000);
}

TEST_CASE("messages are lost as often as the link says") {
  const double loss = GENERATE(0.01, 0.3, 0.9);
  const std::uint64_t seed = GENERATE(1U, 2U);
  CAPTURE(loss, seed);
  constexpr std::uint32_t kSent = 20'000;
  const Numbers numbers = arrivals({.loss_probability = loss}, kSent, seed);
  const double deviation = std::sqrt(kSent * loss * (1.0 - loss));
  REQUIRE(static_cast<double>(numbers.size()) ==
          Approx(kSent * (1.0 - loss)).margin(5 * deviation));
  REQUIRE(std::ranges::is_sorted(numbers));
}

TEST_CASE("certain loss loses everything") {
  REQUIRE(arrivals({.loss_probability = 1.0}, 100, 1).empty());
}

TEST_CASE("messages are repeated as often as the link says, once each") {
  const double repeat = GENERATE(0.1, 1.0);
  CAPTURE(repeat);
  constexpr std::uint32_t kSent = 20'000;
  const Numbers numbers = arrivals({.duplicate_probability = repeat}, kSent, 3);
  REQUIRE(distinct(numbers).size() == kSent);
  const double deviation = std::sqrt(kSent * repeat * (1.0 - repeat));
  REQUIRE(static_cast<double>(numbers.size()) ==
          Approx(kSent * (1.0 + repeat)).margin(5 * deviation + 1e-9));
  for (const std::uint32_t number : distinct(Numbers(numbers.begin(), numbers.begin() + 100)))
    REQUIRE(std::ranges::count(numbers, number) <= 2);
}

TEST_CASE("a message that was lost may still arrive as its own repetition") {
  const Numbers numbers = arrivals({.loss_probability = 1.0, .duplicate_probability = 1.0}, 100, 3);
  REQUIRE(distinct(numbers).size() == 100);
}

TEST_CASE("late messages are overtaken, and none is lost") {
  const Numbers numbers = arrivals({.reorder_probability = 0.2}, 5000, 4);
  REQUIRE(numbers.size() == 5000);
  REQUIRE(distinct(numbers).size() == 5000);
  int overtaken = 0;
  for (std::size_t i = 1; i < numbers.size(); ++i) overtaken += numbers[i] < numbers[i - 1] ? 1 : 0;
  REQUIRE(overtaken > 500);
}

TEST_CASE("a late message takes at most four extra delays") {
  SimNetwork network(2, 5);
  network.set_all_links({.delay = milliseconds(10), .reorder_probability = 1.0});
  for (std::uint32_t i = 0; i < 50; ++i) REQUIRE(send(network, i) == Sent::kQueued);
  run_all(network);
  REQUIRE(network.clock().now() > Instant{milliseconds(30)});
  REQUIRE(network.clock().now() <= Instant{milliseconds(50)});
}

TEST_CASE("a cut link loses what is sent, delivers what is under way, and heals") {
  SimNetwork network(2, 1);
  Numbers numbers;
  REQUIRE(send(network, 1) == Sent::kQueued);
  network.link(kA, kB).cut = true;
  REQUIRE(send(network, 2) == Sent::kQueued);
  run_all(network);
  network.link(kA, kB).cut = false;
  REQUIRE(send(network, 3) == Sent::kQueued);
  run_all(network);
  drain(network, kB, numbers);
  REQUIRE(numbers == Numbers{1, 3});
}

TEST_CASE("a cut has a direction") {
  SimNetwork network(2, 1);
  network.link(kA, kB).cut = true;
  REQUIRE(network.transport_of(kB).send(kA, Channel::kBulk, numbered(1)) == Sent::kQueued);
  run_all(network);
  Numbers numbers;
  drain(network, kA, numbers);
  REQUIRE(numbers == Numbers{1});
}

TEST_CASE("a dead peer sends nothing and is sent nothing") {
  SimNetwork network(2, 1);
  network.set_alive(kA, false);
  REQUIRE(send(network, 1) == Sent::kQueueFull);
  network.set_alive(kA, true);
  network.set_alive(kB, false);
  REQUIRE(send(network, 1) == Sent::kQueueFull);
  REQUIRE_FALSE(network.run_next_event());
}

TEST_CASE("what waited for a peer or was on its way to it dies with it") {
  SimNetwork network(2, 1);
  Numbers numbers;
  REQUIRE(send(network, 1) == Sent::kQueued);
  run_all(network);
  REQUIRE(send(network, 2) == Sent::kQueued);
  network.set_alive(kB, false);
  drain(network, kB, numbers);
  network.set_alive(kB, true);
  REQUIRE(send(network, 3) == Sent::kQueued);
  run_all(network);
  drain(network, kB, numbers);
  REQUIRE(numbers == Numbers{3});
}

TEST_CASE("what a peer had not sent off dies with it, what it had still arrives") {
  SimNetwork network(2, 1);
  network.set_all_links({.delay = milliseconds(1), .bandwidth_bytes = 1e6});
  for (std::uint32_t i = 0; i < 3; ++i) REQUIRE(send(network, i, 1000) == Sent::kQueued);
  network.call_at(Instant{std::chrono::microseconds(1500)}, [&] { network.set_alive(kA, false); });
  run_all(network);
  Numbers numbers;
  drain(network, kB, numbers);
  REQUIRE(numbers == Numbers{0});
}

TEST_CASE("a peer that came back starts with an idle link and room in every queue") {
  SimNetwork network(2, 1);
  network.set_all_links({.delay = milliseconds(1), .bandwidth_bytes = 1e6});
  while (send(network, 0, 100'000) == Sent::kQueued) {
  }
  const PeerId died = GENERATE(kA, kB);
  network.set_alive(died, false);
  network.set_alive(died, true);
  Numbers numbers;
  network.on_arrival(kB, [&] { drain(network, kB, numbers); });
  run_all(network);
  REQUIRE(numbers.empty());
  for (std::uint32_t i = 1; i <= runtime::kSimQueueMessagesMax; ++i)
    REQUIRE(send(network, i, 1000) == Sent::kQueued);
  REQUIRE(send(network, 0) == Sent::kQueueFull);
  run_all(network);
  REQUIRE(numbers.size() == runtime::kSimQueueMessagesMax);
}

TEST_CASE("dying twice is dying once") {
  SimNetwork network(2, 1);
  network.set_alive(kB, false);
  network.set_alive(kB, false);
  network.set_alive(kB, true);
  REQUIRE(send(network, 1) == Sent::kQueued);
  run_all(network);
  Numbers numbers;
  drain(network, kB, numbers);
  REQUIRE(numbers == Numbers{1});
}

TEST_CASE("a link that means nothing is a bug") {
  require_check_fails(
      [] {
        SimNetwork network(2, 1);
        network.link(kA, kB).loss_probability = 1.5;
        (void)send(network, 1);
      },
      "probability >= 0.0");
}

TEST_CASE("one seed gives one history, another seed another") {
  const std::uint64_t seed = GENERATE(1U, 2U, 3U);
  CAPTURE(seed);
  REQUIRE(fingerprint_of_a_storm(seed) == fingerprint_of_a_storm(seed));
  REQUIRE(fingerprint_of_a_storm(seed) != fingerprint_of_a_storm(seed + 1));
}

TEST_CASE("the fingerprint sees what a message says") {
  const auto fingerprint = [](std::uint32_t number, std::size_t bytes) {
    SimNetwork network(2, 1);
    (void)send(network, number, bytes);
    run_all(network);
    return network.fingerprint();
  };
  REQUIRE(fingerprint(1, 8) == fingerprint(1, 8));
  REQUIRE(fingerprint(1, 8) != fingerprint(2, 8));
  REQUIRE(fingerprint(1, 8) != fingerprint(1, 9));
}
