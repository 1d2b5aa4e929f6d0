#include "runtime/replace_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace runtime {
namespace {

namespace fs = std::filesystem;

Error failure(const fs::path& path, const char* what) {
  return {fmt::format("{}: {}: {}", path.string(), what, std::generic_category().message(errno))};
}

// An open file descriptor, closed at the end of its scope.
class File {
 public:
  File(const fs::path& path, int flags) : descriptor_(::open(path.c_str(), flags, 0644)) {}
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }
  [[nodiscard]] bool sync() const { return ::fsync(descriptor_) == 0; }
  [[nodiscard]] bool write(std::span<const std::byte> bytes) const {
    while (!bytes.empty()) {
      const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return false;
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return true;
  }

 private:
  int descriptor_;
};

Status write_all(const fs::path& path, const std::function<void(const ByteSink&)>& pour) {
  const File file(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC);
  if (!file.is_open()) return failure(path, "cannot be written");
  int failed = 0;  // the first errno
  pour([&](std::span<const std::byte> bytes) {
    if (failed == 0 && !file.write(bytes)) failed = errno;
  });
  if (failed == 0 && !file.sync()) failed = errno;
  if (failed == 0) return {};
  errno = failed;
  const Error error = failure(path, "cannot be written");
  ::unlink(path.c_str());
  return error;
}

}  // namespace

Status replace_file(const fs::path& path, std::span<const std::byte> bytes) {
  return replace_file(path, [bytes](const ByteSink& sink) { sink(bytes); });
}

Status replace_file(const fs::path& path, const std::function<void(const ByteSink&)>& pour) {
  fs::path partial = path;
  partial += kPartialSuffix;
  if (const Status written = write_all(partial, pour); !written) return written;
  if (::rename(partial.c_str(), path.c_str()) != 0) {
    const Error error = failure(path, "cannot be replaced");
    ::unlink(partial.c_str());
    return error;
  }
  // The new name itself is on disk only when its folder is.
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const File listing(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (!listing.is_open() || !listing.sync()) return failure(folder, "cannot be synchronised");
  return {};
}

}  // namespace runtime
