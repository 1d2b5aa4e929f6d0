#include "runtime/address.h"

#include "tests/support/catch.h"

using runtime::are_on_one_machine;

TEST_CASE("endpoints are of one machine where their hosts have one name, whatever the port") {
  CHECK(are_on_one_machine("tcp://10.0.0.1:7000", "tcp://10.0.0.1:65000"));
  CHECK(are_on_one_machine("tcp://[::1]:7000", "tcp://[::1]:1"));
  CHECK_FALSE(are_on_one_machine("tcp://10.0.0.1:7000", "tcp://10.0.0.11:7000"));
  CHECK_FALSE(are_on_one_machine("tcp://10.0.0.1:7000", "tcp://10.0.0.2:7000"));
  CHECK_FALSE(are_on_one_machine("tcp://[fe80::1]:7000", "tcp://[fe80::1:7000]:1"));
}

TEST_CASE("a file is of this machine, and no address is of none") {
  CHECK(are_on_one_machine("ipc:///tmp/a", "ipc:///run/b"));
  CHECK_FALSE(are_on_one_machine("ipc:///tmp/a", "tcp://127.0.0.1:1"));
  CHECK_FALSE(are_on_one_machine("tcp://127.0.0.1:1", "ipc:///tmp/a"));
  CHECK_FALSE(are_on_one_machine("", ""));
  CHECK_FALSE(are_on_one_machine("", "tcp://127.0.0.1:1"));
}
