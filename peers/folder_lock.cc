#include "peers/folder_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace peers {

runtime::Result<FolderLock> FolderLock::take(const std::filesystem::path& folder) {
  FolderLock lock(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (lock.descriptor_ < 0)
    return runtime::Error{
        fmt::format("{}: {}", folder.string(), std::generic_category().message(errno))};
  if (::flock(lock.descriptor_, LOCK_EX | LOCK_NB) != 0)
    return runtime::Error{fmt::format(
        "{}: a peer of this name still runs there; end it first, or choose another run or "
        "peer.name",
        folder.string())};
  return lock;
}

FolderLock::FolderLock(FolderLock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

FolderLock& FolderLock::operator=(FolderLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

FolderLock::~FolderLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace peers
