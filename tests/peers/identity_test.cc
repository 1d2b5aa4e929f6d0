// Who a peer is from one start to the next.
#include <filesystem>
#include <fstream>

#include "peers/folder_lock.h"
#include "peers/identity_file.h"
#include "tests/support/temporary_folder.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

namespace {

using peers::Identity;
using peers::next_identity;
using runtime::PeerId;

constexpr PeerId kDrawn{99};

}  // namespace

TEST_CASE("an identity reads back; what is not one is none") {
  const TemporaryFolder folder;
  CHECK_FALSE(peers::read_identity(folder.path()).has_value());
  const Identity identity{PeerId{0x7fff'ffff'ffff'ffff}, 12};
  REQUIRE(peers::write_identity(folder.path(), identity).ok());
  CHECK(peers::read_identity(folder.path()) == identity);
  std::ofstream(folder.path() + "/identity") << "id 7\nincar";
  CHECK_FALSE(peers::read_identity(folder.path()).has_value());
}

TEST_CASE("every start is beyond all that is known of, and what they may have become since") {
  constexpr std::uint64_t kRoom = peers::kIncarnationsOfAStart;
  const Identity file{PeerId{7}, 1};
  const Identity checkpoint{PeerId{7}, kRoom + 1};
  CHECK(next_identity({}, {}, {}, kDrawn) == Identity{kDrawn, 1});
  CHECK(next_identity(file, {}, {}, kDrawn) == Identity{PeerId{7}, kRoom + 1});
  CHECK(next_identity({}, checkpoint, {}, kDrawn) == Identity{PeerId{7}, 2 * kRoom + 1});
  CHECK(next_identity(file, checkpoint, {}, kDrawn) == Identity{PeerId{7}, 2 * kRoom + 1});
  CHECK(next_identity(Identity{PeerId{7}, 3 * kRoom + 1}, checkpoint, {}, kDrawn) ==
        Identity{PeerId{7}, 4 * kRoom + 1});
}

TEST_CASE("an id that somebody else says begins its own lives") {
  const Identity file{PeerId{7}, 1};
  CHECK(next_identity(file, {}, PeerId{7}, kDrawn).incarnation > peers::kIncarnationsOfAStart);
  CHECK(next_identity(file, {}, PeerId{3}, kDrawn) == Identity{PeerId{3}, 1});
}

TEST_CASE("a folder is one peer's at a time") {
  const TemporaryFolder folder;
  {
    const auto first = peers::FolderLock::take(folder.path());
    REQUIRE(first.ok());
    const auto second = peers::FolderLock::take(folder.path());
    REQUIRE_FALSE(second.ok());
    CHECK_THAT(second.error().message, Catch::StartsWith(folder.path() + ": a peer of this name"));
  }
  CHECK(peers::FolderLock::take(folder.path()).ok());
  CHECK_FALSE(peers::FolderLock::take(folder.path() + "/none").ok());
}
