// Partial views by themselves: two or three state machines, message by message.
#include "gossip/membership/partial_view.h"

#include <algorithm>
#include <map>
#include <vector>

#include "tests/support/catch.h"  // last: it takes over the name CHECK

using gossip::PartialView;
using gossip::ViewMessage;
using gossip::ViewPost;
using runtime::Instant;
using runtime::PeerId;
using Kind = gossip::ViewMessage::Kind;

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Instant kStart{};

PartialView view_of(std::uint64_t self, std::size_t neighbours_max = 5) {
  return PartialView(
      {.self = PeerId{self}, .neighbours_max = neighbours_max, .others_max = 4, .seed = 3}, kStart);
}

void befriend(PartialView& view, std::uint64_t peer) {
  view.hear(PeerId{peer}, {.kind = Kind::kNeighbour, .urgent = true}, kStart);
}

std::size_t count_of(const std::vector<ViewPost>& posts, Kind kind) {
  return static_cast<std::size_t>(std::ranges::count_if(
      posts, [kind](const ViewPost& post) { return post.message.kind == kind; }));
}

bool knows(const PartialView& view, std::uint64_t peer) {
  return std::ranges::find(view.others(), PeerId{peer}) != view.others().end();
}

// What either says reaches the other at once.
void deliver(PartialView& one, std::uint64_t id, PartialView& other, std::uint64_t other_id) {
  for (bool any = true; any;) {
    any = false;
    for (const ViewPost& post : one.take_posts()) {
      any = true;
      if (post.to == PeerId{other_id}) other.hear(PeerId{id}, post.message, kStart);
    }
    for (const ViewPost& post : other.take_posts()) {
      any = true;
      if (post.to == PeerId{id}) one.hear(PeerId{other_id}, post.message, kStart);
    }
  }
}

}  // namespace

TEST_CASE("who is alone has nobody to gossip with and says nothing") {
  PartialView view = view_of(1);
  CHECK(view.lonely());
  CHECK(std::vector<PeerId>(view.circle().begin(), view.circle().end()) == std::vector{PeerId{1}});
  view.join(PeerId{1});  // itself
  view.heard_of(PeerId{1});
  view.tick(kStart + seconds(9));
  CHECK(view.take_posts().empty());
  CHECK(view.others().empty());
}

TEST_CASE("a newcomer and whom it joins through are neighbours") {
  PartialView old = view_of(1);
  PartialView young = view_of(2);
  young.join(PeerId{1});
  deliver(young, 2, old, 1);
  CHECK(old.is_neighbour(PeerId{2}));
  CHECK(young.is_neighbour(PeerId{1}));
  CHECK(young.circle().size() == 2);
}

TEST_CASE("who is joined through has the newcomer known to all its neighbours") {
  PartialView view = view_of(1);
  for (const std::uint64_t peer : {2U, 3U, 4U}) befriend(view, peer);
  static_cast<void>(view.take_posts());
  view.hear(PeerId{9}, {.kind = Kind::kJoin}, kStart);
  const std::vector<ViewPost> posts = view.take_posts();
  CHECK(count_of(posts, Kind::kAccept) == 1);
  CHECK(count_of(posts, Kind::kForwardJoin) == 3);
  for (const ViewPost& post : posts)
    if (post.message.kind == Kind::kForwardJoin) {
      CHECK(post.message.about == PeerId{9});
      CHECK(post.to != PeerId{9});
    }
}

TEST_CASE("news of a newcomer goes on, is noted on its way, and whoever hears it last asks") {
  PartialView view = view_of(1);
  for (const std::uint64_t peer : {2U, 3U}) befriend(view, peer);
  static_cast<void>(view.take_posts());
  const auto forwarded = [&](std::uint8_t hops) {
    view.hear(PeerId{2}, {.kind = Kind::kForwardJoin, .hops = hops, .about = PeerId{9}}, kStart);
    return view.take_posts();
  };
  auto posts = forwarded(5);
  REQUIRE(posts.size() == 1);
  CHECK(posts[0].to == PeerId{3});  // neither back nor to the newcomer
  CHECK(posts[0].message.hops == 4);
  CHECK_FALSE(knows(view, 9));
  CHECK(forwarded(3)[0].message.hops == 2);
  CHECK(knows(view, 9));
  posts = forwarded(0);
  REQUIRE(posts.size() == 1);
  CHECK(posts[0].to == PeerId{9});
  CHECK(posts[0].message == ViewMessage{.kind = Kind::kNeighbour});
  // A number that nobody honest says is taken for the most there is.
  CHECK(forwarded(255)[0].message.hops == 5);
}

TEST_CASE("who is full refuses, but not whom nobody else takes, and lets go of one for it") {
  PartialView view = view_of(1, 2);
  befriend(view, 2);
  befriend(view, 3);
  static_cast<void>(view.take_posts());
  view.hear(PeerId{4}, {.kind = Kind::kNeighbour}, kStart);
  auto posts = view.take_posts();
  REQUIRE(posts.size() == 1);
  CHECK(posts[0].message.kind == Kind::kRefuse);
  CHECK_FALSE(view.is_neighbour(PeerId{4}));
  CHECK(knows(view, 4));

  view.hear(PeerId{4}, {.kind = Kind::kNeighbour, .urgent = true}, kStart);
  posts = view.take_posts();
  CHECK(view.is_neighbour(PeerId{4}));
  CHECK(view.neighbour_count() == 2);
  CHECK(count_of(posts, Kind::kAccept) == 1);
  CHECK(count_of(posts, Kind::kDisconnect) == 1);
  CHECK_FALSE(knows(view, 4));
}

TEST_CASE("who is let go of keeps the other in mind") {
  PartialView view = view_of(1);
  befriend(view, 2);
  view.hear(PeerId{2}, {.kind = Kind::kDisconnect}, kStart);
  CHECK(view.lonely());
  CHECK(knows(view, 2));
  view.hear(PeerId{7}, {.kind = Kind::kDisconnect}, kStart);  // a stranger's word changes nothing
  CHECK_FALSE(knows(view, 7));
}

TEST_CASE("who is let go of for a newcomer asks that for an edge in its place") {
  PartialView view = view_of(1);
  befriend(view, 2);
  static_cast<void>(view.take_posts());
  view.hear(PeerId{2}, {.kind = Kind::kDisconnect, .about = PeerId{9}}, kStart);
  const auto posts = view.take_posts();
  REQUIRE(posts.size() == 1);
  CHECK(posts[0].to == PeerId{9});
  CHECK(posts[0].message == ViewMessage{.kind = Kind::kNeighbour});

  PartialView full = view_of(3, 1);
  befriend(full, 4);
  static_cast<void>(full.take_posts());
  full.hear(PeerId{5}, {.kind = Kind::kJoin}, kStart);
  for (const ViewPost& post : full.take_posts())
    if (post.to == PeerId{4}) {
      CHECK(post.message == ViewMessage{.kind = Kind::kDisconnect, .about = PeerId{5}});
    }
}

TEST_CASE("an answer that nobody waits for is turned down by who is full") {
  PartialView view = view_of(1, 1);
  befriend(view, 2);
  static_cast<void>(view.take_posts());
  view.hear(PeerId{3}, {.kind = Kind::kAccept}, kStart);
  const auto posts = view.take_posts();
  REQUIRE(posts.size() == 1);
  CHECK(posts[0].to == PeerId{3});
  CHECK(posts[0].message.kind == Kind::kDisconnect);
  CHECK(view.is_neighbour(PeerId{2}));
}

TEST_CASE("a neighbourhood that one side has lost is mended by the other's sign of life") {
  PartialView one = view_of(1);
  PartialView other = view_of(2);
  befriend(one, 2);  // and the answer is lost
  static_cast<void>(one.take_posts());
  REQUIRE(other.lonely());
  one.tick(one.next_tick());
  deliver(one, 1, other, 2);
  CHECK(other.is_neighbour(PeerId{1}));
  CHECK(one.is_neighbour(PeerId{2}));

  // Where there is no room for it, the other side lets go.
  PartialView full = view_of(3, 1);
  befriend(full, 4);
  befriend(one, 3);
  static_cast<void>(full.take_posts());
  static_cast<void>(one.take_posts());
  full.hear(PeerId{1}, {.kind = Kind::kHere}, kStart);
  deliver(full, 3, one, 1);
  CHECK_FALSE(one.is_neighbour(PeerId{3}));
}

TEST_CASE("a silent neighbour is lost, and another is asked for; one's own standstill excuses") {
  PartialView view = view_of(1);
  befriend(view, 2);
  view.heard_of(PeerId{3});
  Instant now = kStart;
  while (view.is_neighbour(PeerId{2})) {
    now = view.next_tick();
    view.tick(now);
    REQUIRE(now < kStart + seconds(6));
  }
  CHECK(now > kStart + milliseconds(3500));
  CHECK_FALSE(knows(view, 2));

  PartialView stood_still = view_of(1);
  befriend(stood_still, 2);
  stood_still.tick(kStart + seconds(60));
  CHECK(stood_still.is_neighbour(PeerId{2}));
}

TEST_CASE("who has room asks another, whoever does not answer is forgotten") {
  PartialView view = view_of(1);
  befriend(view, 2);
  view.heard_of(PeerId{3});
  static_cast<void>(view.take_posts());
  const Instant first = view.next_tick();
  view.tick(first);
  const auto posts = view.take_posts();
  CHECK(count_of(posts, Kind::kNeighbour) == 1);
  CHECK_FALSE(std::ranges::any_of(posts, [](const auto& post) { return post.message.urgent; }));
  CHECK(knows(view, 3));
  view.hear(PeerId{2}, {.kind = Kind::kHere}, view.next_tick());
  view.tick(view.next_tick());
  CHECK_FALSE(knows(view, 3));
}

TEST_CASE("who has lost everybody asks so that it is not refused") {
  PartialView view = view_of(1);
  view.heard_of(PeerId{3});
  view.tick(view.next_tick());
  const auto posts = view.take_posts();
  REQUIRE(posts.size() == 1);
  CHECK(posts[0].message == ViewMessage{.kind = Kind::kNeighbour, .urgent = true});
}

TEST_CASE("a shuffle ends after its hops, is answered, and both sides know more than before") {
  PartialView view = view_of(1);
  befriend(view, 2);
  view.heard_of(PeerId{8});
  static_cast<void>(view.take_posts());
  const ViewMessage shuffle{.kind = Kind::kShuffle,
                            .hops = 1,
                            .about = PeerId{5},
                            .peers = {PeerId{5}, PeerId{6}, PeerId{1}, PeerId{2}}};
  view.hear(PeerId{2}, shuffle, kStart);  // nobody to pass it on to
  auto posts = view.take_posts();
  REQUIRE(posts.size() == 1);
  CHECK(posts[0].to == PeerId{5});
  CHECK(posts[0].message.kind == Kind::kShuffled);
  CHECK(posts[0].message.peers == std::vector{PeerId{8}});
  CHECK(knows(view, 5));
  CHECK(knows(view, 6));
  CHECK(view.others().size() == 3);  // neither itself nor its neighbour

  befriend(view, 3);
  static_cast<void>(view.take_posts());
  view.hear(PeerId{2}, shuffle, kStart);
  posts = view.take_posts();
  REQUIRE(posts.size() == 1);
  CHECK(posts[0].to == PeerId{3});
  CHECK(posts[0].message.hops == 0);
  CHECK(posts[0].message.peers == shuffle.peers);
}

TEST_CASE("the others are bounded, and the newest name is among them") {
  PartialView view = view_of(1);
  for (std::uint64_t peer = 2; peer < 40; ++peer) {
    view.heard_of(PeerId{peer});
    CHECK(view.others().size() <= 4);
    CHECK(knows(view, peer));
  }
}

TEST_CASE("who is said to be gone is gone from both views") {
  PartialView view = view_of(1);
  befriend(view, 2);
  befriend(view, 4);
  view.heard_of(PeerId{3});
  view.lost(PeerId{2});
  view.lost(PeerId{3});
  CHECK(view.circle().size() == 2);
  CHECK(view.others().empty());
}
