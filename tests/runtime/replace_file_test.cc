#include "runtime/replace_file.h"

#include <signal.h>  // NOLINT(modernize-deprecated-headers): POSIX's, for kill
#include <sys/resource.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/temporary_folder.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

namespace {

namespace fs = std::filesystem;

runtime::Status replace(const fs::path& path, const std::string& text) {
  return runtime::replace_file(path, std::as_bytes(std::span(text)));
}

// No file of this process may grow beyond so many bytes: a full disk, as a write sees it.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    before_ = ::signal(SIGXFSZ, SIG_IGN);
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &limit_) == 0);
    rlimit smaller = limit_;
    smaller.rlim_cur = bytes;
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &smaller) == 0);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &limit_);
    ::signal(SIGXFSZ, before_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit limit_{};
  void (*before_)(int) = nullptr;
};

std::size_t files_in(const TemporaryFolder& folder) {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(folder.path())) ++count;
  return count;
}

}  // namespace

TEST_CASE("a file is replaced whole, and nothing else is left") {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/a";
  REQUIRE(replace(path, "the first").ok());
  REQUIRE(replace(path, "second").ok());
  CHECK(text_of(path) == "second");
  REQUIRE(replace(path, "").ok());
  CHECK(text_of(path).empty());
  CHECK(files_in(folder) == 1);
}

TEST_CASE("where the disk is full the old file stays, nothing is left behind, and it is said") {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/a";
  REQUIRE(replace(path, "the first").ok());
  {
    const FileSizeLimit full(4096);
    const runtime::Status status = replace(path, std::string(10'000, 'x'));
    REQUIRE_FALSE(status.ok());
    CHECK_THAT(status.error().message, Catch::StartsWith(path + ".partial: cannot be written: "));
  }
  CHECK(text_of(path) == "the first");
  CHECK(files_in(folder) == 1);
  CHECK(replace(path, std::string(10'000, 'x')).ok());
}

TEST_CASE("what cannot be replaced is refused by name") {
  const TemporaryFolder folder;
  CHECK_THAT(replace(folder.path() + "/none/a", "x").error().message,
             Catch::Contains("/none/a.partial: cannot be written"));
  fs::create_directories(folder.path() + "/b/full");
  CHECK_THAT(replace(folder.path() + "/b", "x").error().message,
             Catch::Contains("/b: cannot be replaced"));
  CHECK(files_in(folder) == 1);
}
