#include "runtime/cpu_set.h"

#include <algorithm>
#include <thread>

#include "tests/runtime/child_process.h"
#include "tests/support/catch.h"

using runtime::cores_for;
using Cores = std::vector<unsigned>;

TEST_CASE("a lone peer gets every core") {
  REQUIRE(cores_for(0, 1, Cores{0}) == Cores{0});
  REQUIRE(cores_for(0, 1, Cores{2, 3, 5}) == Cores{2, 3, 5});
}

TEST_CASE("with as many peers as cores each gets its own") {
  for (unsigned peer = 0; peer < 4; ++peer)
    REQUIRE(cores_for(peer, 4, Cores{0, 1, 2, 3}) == Cores{peer});
}

TEST_CASE("more peers than cores take turns") {
  const Cores cores{4, 6};
  for (std::size_t peer = 0; peer < 16; ++peer)
    REQUIRE(cores_for(peer, 16, cores) == Cores{cores[peer % 2]});
}

TEST_CASE("fewer peers than cores share them evenly, without overlap and without rest") {
  const std::size_t core_count = GENERATE(range(1U, 40U));
  Cores cores;
  for (unsigned i = 0; i < core_count; ++i) cores.push_back(100 + i);
  for (std::size_t peers = 1; peers <= core_count; ++peers) {
    CAPTURE(core_count, peers);
    Cores all;
    for (std::size_t peer = 0; peer < peers; ++peer) {
      const Cores share = cores_for(peer, peers, cores);
      REQUIRE(share.size() >= core_count / peers);
      REQUIRE(share.size() <= core_count / peers + 1);
      all.insert(all.end(), share.begin(), share.end());
    }
    REQUIRE(all == cores);
  }
}

TEST_CASE("a peer beyond the last one has no share") {
  require_check_fails([] { (void)cores_for(2, 2, Cores{0, 1}); }, "peer_index < peer_count");
  require_check_fails([] { (void)cores_for(0, 1, Cores{}); }, "peer_index < peer_count");
}

TEST_CASE("a pinned thread may use its cores only, and others keep theirs") {
  const Cores before = runtime::usable_cores();
  REQUIRE_FALSE(before.empty());
  REQUIRE(std::ranges::is_sorted(before));
  const Cores last{before.back()};
  Cores seen_inside;
  bool pinned = false;
  std::thread([&] {
    pinned = runtime::pin_this_thread(last).ok();
    seen_inside = runtime::usable_cores();
  }).join();
  REQUIRE(pinned);
  REQUIRE(seen_inside == last);
  REQUIRE(runtime::usable_cores() == before);
}

TEST_CASE("cores that are not there are refused") {
  const Cores before = runtime::usable_cores();
  REQUIRE_FALSE(runtime::pin_this_thread(Cores{}).ok());
  REQUIRE(runtime::pin_this_thread(Cores{1U << 20U}).error().message == "there is no core 1048576");
  const runtime::Status refused = runtime::pin_this_thread(Cores{8191});
  REQUIRE(refused.error().message == "cannot run on cores {8191}: Invalid argument");
  REQUIRE(runtime::usable_cores() == before);
}
