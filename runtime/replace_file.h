#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

#include "runtime/result.h"

namespace runtime {

// Writes `bytes` beside `path`, syncs them to the disk, renames over `path` and syncs the folder: a
// reader, or whoever comes after a crash, finds the old file or the whole new one. Refused, by
// name, with nothing left behind: a folder that is missing or not writable, a full disk. Any
// thread, but one at a time for a path.
[[nodiscard]] Status replace_file(const std::filesystem::path& path,
                                  std::span<const std::byte> bytes);

// What such a file is called until it is whole. Where a process was killed, one may be left.
inline constexpr const char* kPartialSuffix = ".partial";

}  // namespace runtime
