#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>

#include "runtime/result.h"

namespace runtime {

// Writes `bytes` beside `path`, syncs them to the disk, renames over `path` and syncs the folder: a
// reader, or whoever comes after a crash, finds the old file or the whole new one. Refused, by
// name, with nothing left behind: a folder that is missing or not writable, a full disk. Any
// thread, but one at a time for a path.
[[nodiscard]] Status replace_file(const std::filesystem::path& path,
                                  std::span<const std::byte> bytes);

// Takes bytes that belong behind those it took before.
using ByteSink = std::function<void(std::span<const std::byte>)>;

// The same of what `pour` hands over piece by piece: the whole need not be in memory.
[[nodiscard]] Status replace_file(const std::filesystem::path& path,
                                  const std::function<void(const ByteSink&)>& pour);

// What such a file is called until it is whole. Where a process was killed, one may be left.
inline constexpr const char* kPartialSuffix = ".partial";

}  // namespace runtime
