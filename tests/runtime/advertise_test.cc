#include "runtime/advertise.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

namespace {

runtime::Address bound() { return {"tcp://127.0.0.1:4000", "tcp://127.0.0.1:4777"}; }
runtime::Address wildcard() { return {"tcp://0.0.0.0:4000", "tcp://0.0.0.0:4777"}; }

runtime::Address of(const runtime::Address& listened, std::string_view wanted) {
  const auto address = runtime::advertised(listened, wanted);
  REQUIRE(address.ok());
  return *address;
}

}  // namespace

TEST_CASE("nothing wanted: what was bound") {
  CHECK(of(bound(), "") == bound());
  const runtime::Address ipc{"ipc:///tmp/x", "ipc:///tmp/x.bulk"};
  CHECK(of(ipc, "") == ipc);
}

TEST_CASE("nothing wanted behind a wildcard: an address that others can dial, the ports bound") {
  const runtime::Address address = of(wildcard(), "");
  CHECK_THAT(address.control, Catch::StartsWith("tcp://") && Catch::EndsWith(":4000"));
  CHECK_THAT(address.bulk, Catch::EndsWith(":4777"));
  CHECK_THAT(address.control, !Catch::Contains("0.0.0.0"));
}

TEST_CASE("a host with port 0 keeps the ports bound, a port takes the next one for bulk") {
  CHECK(of(wildcard(), "tcp://box:0") == runtime::Address{"tcp://box:4000", "tcp://box:4777"});
  CHECK(of(wildcard(), "tcp://box:90") == runtime::Address{"tcp://box:90", "tcp://box:91"});
}

TEST_CASE("what is no endpoint is refused") {
  CHECK_FALSE(runtime::advertised(bound(), "box:90").ok());
  CHECK_FALSE(runtime::advertised(bound(), "tcp://box").ok());
}

TEST_CASE("local is the loopback and what is no network at all") {
  for (const auto* local : {"tcp://127.0.0.1:1", "tcp://127.9.9.9:1", "tcp://localhost:1",
                            "tcp://[::1]:1", "ipc:///tmp/x"})
    CHECK(runtime::is_local(local));
  for (const auto* open : {"tcp://0.0.0.0:1", "tcp://*:1", "tcp://10.0.0.1:1", "tcp://box:1",
                           "tcp://127.example.org:1"})
    CHECK_FALSE(runtime::is_local(open));
}
