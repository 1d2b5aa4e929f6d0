// Datagrams that really pass on this machine's loopback.
#include "runtime/beacon_socket.h"

#include <poll.h>

#include <array>

#include "tests/support/catch.h"  // last: it takes over the name CHECK

using runtime::BeaconSocket;

namespace {

std::unique_ptr<BeaconSocket> open(std::uint16_t port, bool local_only = true) {
  auto socket = BeaconSocket::open({.port = port, .local_only = local_only});
  REQUIRE(socket.ok());
  return std::move(socket).value();
}

std::vector<std::byte> bytes_of(std::string_view text) {
  std::vector<std::byte> bytes;
  for (const char letter : text) bytes.push_back(static_cast<std::byte>(letter));
  return bytes;
}

// What comes next; empty where nothing does for long.
std::vector<std::byte> next(BeaconSocket& socket, std::size_t bytes_max = 512) {
  constexpr int kPatienceMilliseconds = 10'000;
  pollfd ready{.fd = socket.descriptor(), .events = POLLIN, .revents = 0};
  (void)::poll(&ready, 1, kPatienceMilliseconds);
  return socket.receive(bytes_max);
}

}  // namespace

TEST_CASE("nothing was said: nothing comes") { CHECK(open(0)->receive(512).empty()); }

TEST_CASE("sockets that share a port all hear what one says, the speaker too") {
  const auto one = open(0);
  const auto two = open(one->port());
  const auto wide = open(one->port(), false);
  REQUIRE(one->port() != 0);
  REQUIRE(one->send(bytes_of("here")));
  for (BeaconSocket* const socket : {one.get(), two.get(), wide.get()})
    CHECK(next(*socket) == bytes_of("here"));
  CHECK(one->receive(512).empty());
}

TEST_CASE("another port is another matter") {
  const auto one = open(0);
  const auto other = open(0);
  REQUIRE(one->port() != other->port());
  REQUIRE(one->send(bytes_of("here")));
  CHECK(next(*one) == bytes_of("here"));
  CHECK(other->receive(512).empty());
}

TEST_CASE("what is too long is skipped, and what comes after it is heard") {
  const auto one = open(0);
  REQUIRE(one->send(bytes_of("longer than that")));
  REQUIRE(one->send(bytes_of("short")));
  CHECK(next(*one, 5) == bytes_of("short"));
  CHECK(one->receive(5).empty());
}
