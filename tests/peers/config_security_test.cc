// What a config may say of keys, and what an address to join comes to with them.
#include <string>

#include "peers/seed_addresses.h"
#include "runtime/zmq_keys.h"
#include "tests/support/config_texts.h"
#include "tests/support/temporary_folder.h"

using Catch::Matchers::Contains;
using test::refusal;

namespace {

const char* const kCurve = "[security]\nmode = \"curve\"\n";
const char* const kAddress = "tcp://box:7000";

runtime::KeyNames keys_called(const std::vector<std::string>& names) {
  runtime::KeyNames keys;
  for (const std::string& name : names) keys.emplace("key of " + name, name);
  return keys;
}

}  // namespace

TEST_CASE("keys that would not be used are refused") {
  const std::string key = GENERATE("key", "authorized");
  CHECK_THAT(refusal("[security]\n" + key + " = \"x\""),
             Catch::StartsWith("x.toml:2: security." + key + ": needs security.mode = \"curve\""));
}

TEST_CASE("a key file and a folder of keys have to be there") {
  const TemporaryFolder folder;
  REQUIRE(runtime::write_keys(folder.path(), "me", runtime::generate_keys()).ok());
  const std::string key = "key = \"" + folder.path() + "/me.key\"\n";
  CHECK(refusal(kCurve).empty());  // launch makes one
  CHECK(refusal(kCurve + key).empty());
  CHECK(refusal(kCurve + key + "authorized = \"" + folder.path() + "\"").empty());
  CHECK_THAT(refusal(kCurve + std::string("key = \"nowhere\"")), Contains("no such file"));
  CHECK_THAT(refusal(kCurve + key + "authorized = \"nowhere\""), Contains("no such folder"));
  CHECK_THAT(refusal(kCurve + std::string("authorized = \"") + folder.path() + "\""),
             Contains("needs security.key"));
}

TEST_CASE("who waits for a parcel cannot refuse it for its size") {
  const std::string limit = "[security]\nnorm_limit = 3.0\n[gossip]\npace = ";
  CHECK(refusal(limit + "\"async\"").empty());
  CHECK(refusal(limit + "\"bounded\"").empty());
  CHECK_THAT(refusal(limit + "\"sync\""),
             Catch::StartsWith("x.toml:2: security.norm_limit: with gossip.pace = \"sync\""));
}

TEST_CASE("who waits for a parcel can clip it, and whoever clips needs a limit") {
  const std::string clip = "[security]\nnorm_action = \"clip\"\n";
  const std::string limit = "norm_limit = 0.5\n[gossip]\n";
  const std::string pace = GENERATE("sync", "async", "bounded");
  CHECK(refusal(clip + limit + "pace = \"" + pace + "\"").empty());
  CHECK_THAT(refusal(clip), Catch::StartsWith("x.toml:2: security.norm_action: needs"));
  CHECK_THAT(refusal(clip + limit + "protocol = \"choco\"\ntopology = \"bidirectional-ring\""),
             Catch::StartsWith("x.toml:3: security.norm_limit: "));
  CHECK_THAT(refusal("[security]\nnorm_action = \"cut\""), Contains("refuse, clip"));
}

TEST_CASE("with keys a peer may listen for other machines") {
  CHECK(refusal(kCurve + std::string("[peer]\nlisten = \"tcp://0.0.0.0:7000\"")).empty());
}

TEST_CASE("with keys a listed member needs one") {
  const std::string list = "[membership]\nmembers = [\"0 p0 tcp://h:1 tcp://h:2";
  const std::string key = runtime::generate_keys().public_key;
  CHECK_THAT(refusal(kCurve + list + "\"]"), Contains("public key as a fifth word"));
  CHECK(refusal(kCurve + list + " " + key + "\"]").empty());
}

TEST_CASE("whose key to expect at an address is for runs with keys") {
  const std::string toml = "[peer]\njoin = [\"tcp://box:7000#ann\"]\n";
  CHECK(refusal(toml + kCurve).empty());
  CHECK_THAT(refusal(toml), Contains("#name needs security.mode"));
}

TEST_CASE("without keys an address is what is dialled") {
  const auto seeds = peers::seeds_of({kAddress}, nullptr);
  REQUIRE(seeds.ok());
  CHECK(*seeds == std::vector<runtime::Address>{{kAddress, "", ""}});
}

TEST_CASE("every authorized key is tried at an address that does not say whose it is") {
  const runtime::KeyNames keys = keys_called({"ann", "bob"});
  const auto seeds = peers::seeds_of({kAddress, "ipc:///x#bob"}, &keys);
  REQUIRE(seeds.ok());
  CHECK(*seeds == std::vector<runtime::Address>{{kAddress, "", "key of ann"},
                                                {kAddress, "", "key of bob"},
                                                {"ipc:///x", "", "key of bob"}});
}

TEST_CASE("a name that is not authorized is refused, with the nearest") {
  const runtime::KeyNames keys = keys_called({"ann", "bobby"});
  const auto seeds = peers::seeds_of({"tcp://box:7000#boby"}, &keys);
  REQUIRE(!seeds.ok());
  CHECK_THAT(seeds.error().message, Contains("no boby.pub") && Contains("did you mean #bobby?"));
}

TEST_CASE("more addresses and keys than can be tried at once are refused, with the remedy") {
  std::vector<std::string> names;
  for (std::size_t i = 0; i <= peers::kSeedsMax; ++i) names.push_back(std::to_string(i));
  const runtime::KeyNames keys = keys_called(names);
  const auto seeds = peers::seeds_of({kAddress}, &keys);
  REQUIRE(!seeds.ok());
  CHECK_THAT(seeds.error().message, Contains("257 combinations") && Contains("address#name"));
  CHECK(peers::seeds_of({std::string(kAddress) + "#7"}, &keys)->size() == 1);
}
