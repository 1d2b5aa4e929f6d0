#pragma once
// The checkpoints that a peer keeps: which is the latest, which may go.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "peers/checkpoint_file.h"
#include "runtime/log.h"
#include "runtime/result.h"

namespace peers {

// checkpoints/ of a peer, and the files in it.
[[nodiscard]] std::filesystem::path checkpoint_folder(const std::filesystem::path& peer_folder);
[[nodiscard]] std::filesystem::path checkpoint_path(const std::filesystem::path& folder,
                                                    std::uint64_t step);
// Latest first; those whose header cannot be read before all others.
[[nodiscard]] std::vector<std::filesystem::path> checkpoints_in(
    const std::filesystem::path& folder);
// All but the latest so many, and what was left half written.
void remove_old_checkpoints(const std::filesystem::path& folder, std::size_t keep);

// The latest that is whole; each that is not is named in the log. Empty: there are none at all.
// Refused: there are, and none is whole.
[[nodiscard]] runtime::Result<std::optional<CheckpointFile>> latest_checkpoint(
    const std::filesystem::path& folder, const runtime::Log& log);

}  // namespace peers
