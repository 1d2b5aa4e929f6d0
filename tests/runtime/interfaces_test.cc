#include "runtime/interfaces.h"

#include <algorithm>

#include "tests/support/catch.h"  // last: it takes over the name CHECK

TEST_CASE("the loopback is one of the networks, and has nobody to broadcast to") {
  const auto all = runtime::interfaces();
  const auto loopback = std::ranges::find(all, true, &runtime::Interface::loopback);
  REQUIRE(loopback != all.end());
  CHECK_THAT(loopback->address, Catch::StartsWith("127."));
  CHECK(loopback->broadcast.empty());
  for (const runtime::Interface& each : all) CHECK_FALSE(each.address.empty());
}

TEST_CASE("what is broadcast goes to an address that is nobody's") {
  const auto all = runtime::interfaces();
  for (const runtime::Interface& each : all)
    CHECK(std::ranges::count(all, each.broadcast, &runtime::Interface::address) == 0);
}

TEST_CASE("packets to this machine leave from it") {
  CHECK(runtime::address_towards("tcp://127.0.0.1:7000") == "127.0.0.1");
  CHECK(runtime::address_towards("tcp://localhost:7000") == "127.0.0.1");
  for (const runtime::Interface& each : runtime::interfaces())
    CHECK(runtime::address_towards("tcp://" + each.address + ":7000") == each.address);
}

TEST_CASE("no network leads to what is no endpoint") {
  for (const auto* const nowhere : {"", "ipc:///tmp/x", "tcp://127.0.0.1", "tcp://:7000"})
    CHECK_FALSE(runtime::address_towards(nowhere).has_value());
}
