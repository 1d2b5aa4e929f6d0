#pragma once

#include <filesystem>

#include "runtime/result.h"

namespace peers {

// Keeps a folder for one process: two peers of one name would write over each other's files. The
// system lets go of it with the process, however that ends.
class FolderLock {
 public:
  // Refused, by name: a folder that is missing, or another's.
  [[nodiscard]] static runtime::Result<FolderLock> take(const std::filesystem::path& folder);

  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&& other) noexcept;
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock();

 private:
  explicit FolderLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace peers
