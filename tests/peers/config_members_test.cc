// What a config may say of who is in a run.
#include "peers/config_members.h"

#include <string>

#include "runtime/zmq_keys.h"
#include "tests/support/config_texts.h"

using test::refusal;

TEST_CASE("a member reads back as it was written") {
  const peers::ListedMember member{
      runtime::PeerId{7}, "p7", {"tcp://127.0.0.1:4000", "tcp://127.0.0.1:4001"}};
  const auto read = peers::parse_member(peers::to_string(member));
  REQUIRE(read.ok());
  CHECK(read.value() == member);
}

TEST_CASE("a member with a key reads back as it was written") {
  const peers::ListedMember member{
      runtime::PeerId{7}, "p7", {"tcp://h:1", "tcp://h:2", runtime::generate_keys().public_key}};
  const auto read = peers::parse_member(peers::to_string(member));
  REQUIRE(read.ok());
  CHECK(read.value() == member);
  CHECK_FALSE(peers::parse_member(peers::to_string(member) + "0").ok());
}

TEST_CASE("lists of members with a bad or double entry are refused") {
  const auto members = GENERATE(as<std::string>{}, "[\"\"]", "[\"1 a b\"]", "[\"x a b c\"]",
                                "[\"-1 a b c\"]", "[\"1 a b c d\"]", "[\"1 a b c\", \"1 d e f\"]",
                                "[\"1 a b c\", \"2 d c f\"]", "[\"1 a b b\"]");
  CAPTURE(members);
  CHECK_THAT(refusal("[membership]\nmembers = " + members),
             Catch::StartsWith("x.toml:2: membership.members: "));
}

TEST_CASE("an address to join that nobody can be reached at is refused") {
  for (const std::string address : {"box:7000", "tcp://box", "tcp://box:0", "udp://box:1", ""}) {
    CAPTURE(address);
    CHECK_THAT(refusal("[peer]\njoin = [\"" + address + "\"]"),
               Catch::StartsWith("x.toml:2: peer.join: "));
  }
}

TEST_CASE("listening for other machines without keys is refused, unless it is meant") {
  for (const std::string address : {"tcp://0.0.0.0:7000", "tcp://10.0.0.1:0", "tcp://*:7000"}) {
    CAPTURE(address);
    const std::string toml = "[peer]\nlisten = \"" + address + "\"\n";
    CHECK_THAT(refusal(toml), Catch::StartsWith("x.toml:2: peer.listen: ") &&
                                  Catch::Contains("set security.allow_insecure_lan = true"));
    CHECK(refusal(toml + "[security]\nallow_insecure_lan = true\n").empty());
  }
  CHECK(refusal("[peer]\nlisten = \"tcp://127.0.0.1:7000\"").empty());
  CHECK(refusal("[peer]\nlisten = \"ipc:///tmp/x\"").empty());
}

TEST_CASE("beacons are refused where nobody can be let in, and read back where they can") {
  const std::string beacon = "[membership]\ndiscovery = \"beacon\"\n";
  CHECK_THAT(refusal(beacon + "[gossip]\npace = \"sync\""),
             Catch::Contains("membership.discovery: ") && Catch::Contains("sync"));
  CHECK_THAT(refusal(beacon + "members = [\"1 a tcp://h:1 tcp://h:2\"]"),
             Catch::Contains("membership.discovery: ") && Catch::Contains("list"));
  for (const std::string port : {"0", "65536", "-1"})
    CHECK_THAT(refusal(beacon + "beacon_port = " + port), Catch::Contains("1 to 65535"));
  const peers::Config config = test::accepted(beacon + "beacon_port = 5000");
  CHECK(config.membership.discovery == "beacon");
  CHECK(test::accepted(peers::to_toml(config)) == config);
}
