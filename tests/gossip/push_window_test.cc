// When pushes overlap, when one waits for another, and whom nobody waits for.
#include "gossip/push_window.h"

#include <chrono>
#include <cstdint>
#include <vector>

#include "tests/support/catch.h"  // last: it takes over the name CHECK

namespace gossip {
namespace {

using runtime::PeerId;
using UnderWay = std::vector<PushWindow::UnderWay>;

constexpr PeerId kNear{1};
constexpr PeerId kFar{2};

PushWindow after(PeerId to, std::uint64_t rounds, bool may_overlap = true) {
  PushWindow window(may_overlap);
  window.acknowledged(to, rounds);
  return window;
}

}  // namespace

TEST_CASE("before anybody has acknowledged one push is under way") {
  const PushWindow window(true);
  CHECK(window.may_push({}, 0));
  CHECK_FALSE(window.may_push(UnderWay{{kNear, 0}}, 1));
  CHECK_FALSE(window.may_push(UnderWay{{kNear, 0}}, 1000));
}

TEST_CASE("pushes overlap where acknowledgements come within a few rounds, and only there") {
  CHECK(after(kNear, 1).may_push(UnderWay{{kNear, 7}, {kFar, 8}}, 9));
  CHECK(after(kNear, 4).may_push(UnderWay{{kNear, 7}}, 8));
  CHECK_FALSE(after(kNear, 5).may_push(UnderWay{{kNear, 7}}, 8));
  CHECK(after(kNear, 100).may_push({}, 8));
}

TEST_CASE("pushes of a large model never overlap, but where a receiver is slow") {
  const PushWindow window = after(kNear, 1, false);
  CHECK(window.may_push({}, 9));
  CHECK_FALSE(window.may_push(UnderWay{{kNear, 8}}, 9));
  const auto after_seconds = [](int seconds) {
    return runtime::Duration(std::chrono::seconds(seconds));
  };
  CHECK_FALSE(window.may_push(UnderWay{{kFar, 8, after_seconds(31)}}, 16));
  CHECK_FALSE(window.may_push(UnderWay{{kFar, 8, after_seconds(30)}}, 17));
  CHECK(window.may_push(UnderWay{{kFar, 8, after_seconds(31)}}, 17));
  CHECK_FALSE(window.may_push(UnderWay{{kFar, 8, after_seconds(31)}}, 17, false));
}

TEST_CASE("on a slow link one waits for the last, but not for a receiver that is slow itself") {
  const PushWindow window = after(kNear, 30);
  CHECK_FALSE(window.may_push(UnderWay{{kNear, 100}}, 120));
  CHECK_FALSE(window.may_push(UnderWay{{kFar, 100}}, 160));
  CHECK(window.may_push(UnderWay{{kFar, 100}}, 161));  // twice as long as a push takes
  CHECK_FALSE(window.may_push(UnderWay{{kFar, 100}, {kNear, 150}}, 161));
}

TEST_CASE("the quickest peer says what the link takes, a slow one says nothing of it") {
  PushWindow window = after(kFar, 200);
  CHECK_FALSE(window.may_push(UnderWay{{kFar, 0}}, 50));
  window.acknowledged(kNear, 2);
  CHECK(window.may_push(UnderWay{{kFar, 0}}, 50));
  window.forget(kNear);
  CHECK_FALSE(window.may_push(UnderWay{{kFar, 0}}, 50));
}

TEST_CASE("what a link took long ago is forgotten") {
  PushWindow window = after(kNear, 2);
  int pushes = 0;
  while (window.may_push(UnderWay{{kNear, 0}}, 1)) {
    window.acknowledged(kNear, 40);
    ++pushes;
    REQUIRE(pushes < 10);
  }
  for (int i = 0; i < 20; ++i) window.acknowledged(kNear, 2);
  CHECK(window.may_push(UnderWay{{kNear, 0}}, 1));
}

}  // namespace gossip
