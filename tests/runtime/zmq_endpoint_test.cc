#include "runtime/zmq_endpoint.h"

#include "tests/support/catch.h"

using runtime::check_dialable;
using runtime::endpoints_of;

TEST_CASE("what is no tcp or ipc endpoint cannot be listened at") {
  const auto* listen =
      GENERATE("", "4700", "127.0.0.1:4700", "inproc://x", "udp://127.0.0.1:4700", "tcp://",
               "tcp://127.0.0.1", "tcp://:4700", "tcp://127.0.0.1:", "tcp://127.0.0.1:x",
               "tcp://127.0.0.1:47x", "tcp://127.0.0.1:-1", "tcp://127.0.0.1:65536",
               "tcp://127.0.0.1:99999999999999", "ipc://", "ipc://*");
  CAPTURE(listen);
  const auto refused = endpoints_of(listen);
  REQUIRE_FALSE(refused.ok());
  REQUIRE(refused.error().message.find(std::string(listen) + " is not an endpoint") == 0);
}

TEST_CASE("a free port is asked for twice") {
  for (const char* listen : {"tcp://127.0.0.1:0", "tcp://127.0.0.1:*"}) {
    REQUIRE(endpoints_of(listen)->control == "tcp://127.0.0.1:0");
    REQUIRE(endpoints_of(listen)->bulk == "tcp://127.0.0.1:0");
  }
}

TEST_CASE("a given port serves control, the next one bulk") {
  REQUIRE(endpoints_of("tcp://*:4700")->control == "tcp://*:4700");
  REQUIRE(endpoints_of("tcp://*:4700")->bulk == "tcp://*:4701");
}

TEST_CASE("the last port has no next one") {
  REQUIRE(endpoints_of("tcp://a:65534")->bulk == "tcp://a:65535");
  REQUIRE_FALSE(endpoints_of("tcp://a:65535").ok());
}

TEST_CASE("an ipc path serves control, and with .bulk at its end bulk") {
  REQUIRE(endpoints_of("ipc:///tmp/x/p0")->control == "ipc:///tmp/x/p0");
  REQUIRE(endpoints_of("ipc:///tmp/x/p0")->bulk == "ipc:///tmp/x/p0.bulk");
}

TEST_CASE("nobody can be dialled at port 0, at any address, or without a path") {
  const auto* endpoint = GENERATE("", "tcp://127.0.0.1:0", "tcp://127.0.0.1:*", "tcp://*:4700",
                                  "tcp://127.0.0.1", "ipc://", "inproc://x");
  CAPTURE(endpoint);
  REQUIRE_FALSE(check_dialable(endpoint).ok());
}

TEST_CASE("hosts by name and paths can be dialled") {
  REQUIRE(check_dialable("tcp://node7.example:4700").ok());
  REQUIRE(check_dialable("ipc:///tmp/x/p0").ok());
}

TEST_CASE("an ipc path that nobody made is not in use") {
  REQUIRE_FALSE(runtime::is_ipc_in_use("ipc:///nowhere/at/all"));
  REQUIRE_FALSE(runtime::is_ipc_in_use("ipc://" + std::string(300, 'x')));
  REQUIRE_FALSE(runtime::is_ipc_in_use("tcp://127.0.0.1:4700"));
}
