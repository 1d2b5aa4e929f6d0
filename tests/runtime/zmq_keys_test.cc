// Key files, and the folder of those that are let in.

#include "runtime/zmq_keys.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "runtime/authorized_keys.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

using Catch::Matchers::Contains;
using runtime::AuthorizedKeys;
namespace fs = std::filesystem;

namespace {

void write(const fs::path& file, const std::string& text) { std::ofstream(file) << text; }

std::string public_text(const std::string& key) { return "# a comment\npublic = " + key + "\n"; }

struct Folder {
  // Held by a peer whose own key is `own`.
  std::unique_ptr<AuthorizedKeys> open() const {
    auto opened = AuthorizedKeys::open(own, path);
    REQUIRE(opened.ok());
    return std::move(opened).value();
  }
  TemporaryFolder folder;
  fs::path path = folder.path();
  std::string own = runtime::generate_keys().public_key;
  std::string other = runtime::generate_keys().public_key;
};

}  // namespace

TEST_CASE("a key pair that is written reads back, and only its owner may read the secret") {
  const TemporaryFolder folder;
  const fs::path path = fs::path(folder.path()) / "new";
  const runtime::KeyPair keys = runtime::generate_keys();
  REQUIRE(runtime::write_keys(path, "ann", keys).ok());
  const auto secret = runtime::read_secret_key(path / "ann.key");
  REQUIRE(secret.ok());
  CHECK(secret->secret_key == keys.secret_key);
  CHECK(secret->public_key == keys.public_key);
  CHECK(*runtime::read_public_key(path / "ann.pub") == keys.public_key);
  CHECK((fs::status(path / "ann.key").permissions() & fs::perms::all) ==
        (fs::perms::owner_read | fs::perms::owner_write));
}

TEST_CASE("no key is ever written over") {
  const char* const there = GENERATE("ann.key", "ann.pub");
  const TemporaryFolder folder;
  const fs::path path = folder.path();
  write(path / there, "mine");
  const auto written = runtime::write_keys(path, "ann", runtime::generate_keys());
  REQUIRE(!written.ok());
  CHECK_THAT(written.error().message, Contains(there) && Contains("never replaced"));
  CHECK(std::distance(fs::directory_iterator(path), fs::directory_iterator()) == 1);
}

TEST_CASE("a key is 40 letters of Z85") {
  const std::string key = runtime::generate_keys().public_key;
  CHECK(runtime::is_key(key));
  CHECK_FALSE(runtime::is_key(key.substr(1)));
  CHECK_FALSE(runtime::is_key(key + "0"));
  std::string quoted = key;
  quoted.front() = '\'';
  CHECK_FALSE(runtime::is_key(quoted));
  CHECK_FALSE(runtime::is_key(""));
}

TEST_CASE("a secret key that others may read is refused, with the remedy") {
  const TemporaryFolder folder;
  const fs::path path = folder.path();
  REQUIRE(runtime::write_keys(path, "ann", runtime::generate_keys()).ok());
  fs::permissions(path / "ann.key", fs::perms::group_read, fs::perm_options::add);
  const auto read = runtime::read_secret_key(path / "ann.key");
  REQUIRE(!read.ok());
  CHECK_THAT(read.error().message, Contains("chmod 600 " + (path / "ann.key").string()));
}

TEST_CASE("a file without a key says what was expected") {
  const TemporaryFolder folder;
  const fs::path file = fs::path(folder.path()) / "x.pub";
  const std::string key = runtime::generate_keys().public_key;
  const std::string text = GENERATE_COPY(std::string(), "# public = " + key, "public = short",
                                         "secret = " + key, std::string(5000, '#'));
  CAPTURE(text);
  write(file, text);
  const auto read = runtime::read_public_key(file);
  REQUIRE(!read.ok());
  CHECK_THAT(read.error().message, Contains("x.pub") && Contains("public = KEY"));
}

TEST_CASE("a folder of keys is read again when it changes, and says who came and went") {
  const Folder folder;
  write(folder.path / "bob.pub", public_text(folder.other));
  const auto authorized = folder.open();
  CHECK(authorized->keys()->size() == 1);  // not before it is asked to
  CHECK(authorized->refresh() == std::vector<std::string>{"bob is authorized"});
  CHECK(authorized->keys()->at(folder.other) == "bob");
  CHECK(authorized->refresh().empty());
  const auto before = authorized->keys();
  fs::remove(folder.path / "bob.pub");
  CHECK(authorized->refresh() == std::vector<std::string>{"bob is no longer authorized"});
  CHECK_FALSE(authorized->keys()->contains(folder.other));
  CHECK(authorized->keys()->contains(folder.own));
  CHECK(before->contains(folder.other));  // what somebody still reads stays as it was
}

TEST_CASE("another key in a file of the same name and size is noticed") {
  const Folder folder;
  write(folder.path / "bob.pub", public_text(folder.other));
  const auto authorized = folder.open();
  (void)authorized->refresh();
  const std::string renewed = runtime::generate_keys().public_key;
  write(folder.path / "new", public_text(renewed));
  fs::rename(folder.path / "new", folder.path / "bob.pub");
  CHECK(authorized->refresh().size() == 2);
  CHECK_FALSE(authorized->keys()->contains(folder.other));
  CHECK(authorized->keys()->contains(renewed));
}

TEST_CASE("files that hold no key admit nobody and are named; the others do") {
  const Folder folder;
  write(folder.path / "bad.pub", "nothing");
  write(folder.path / "bob.pub", public_text(folder.other));
  write(folder.path / "bob.txt", public_text(runtime::generate_keys().public_key));
  const auto authorized = folder.open();
  const auto notes = authorized->refresh();
  REQUIRE(notes.size() == 2);
  CHECK_THAT(notes[0], Contains("bad.pub"));
  CHECK(authorized->keys()->size() == 2);
}

TEST_CASE("a folder that vanishes admits nobody but oneself") {
  const Folder folder;
  const fs::path inner = folder.path / "authorized";
  fs::create_directory(inner);
  write(inner / "bob.pub", public_text(folder.other));
  const auto authorized = std::move(AuthorizedKeys::open(folder.own, inner)).value();
  (void)authorized->refresh();
  fs::remove_all(inner);
  CHECK_THAT(authorized->refresh().at(0), Contains("nobody else is let in"));
  CHECK(authorized->keys()->size() == 1);
}

TEST_CASE("a folder that is not there is refused at the start; none at all is one's own key") {
  const Folder folder;
  const auto missing = AuthorizedKeys::open(folder.own, folder.path / "nowhere");
  REQUIRE(!missing.ok());
  CHECK_THAT(missing.error().message, Contains("security.authorized") && Contains("nowhere"));
  const auto alone = std::move(AuthorizedKeys::open(folder.own, {})).value();
  CHECK(alone->refresh().empty());
  CHECK(alone->keys()->size() == 1);
}
