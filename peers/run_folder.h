#pragma once
// Where a run leaves its files: runs/<run>/<peer>/ in the working directory.

#include <filesystem>
#include <string>

#include "peers/config.h"
#include "runtime/result.h"

namespace peers {

[[nodiscard]] std::filesystem::path run_folder(const Config& config);
[[nodiscard]] std::filesystem::path peer_folder(const Config& config);  // of config.peer.name
[[nodiscard]] std::filesystem::path final_estimate_file(const std::filesystem::path& peer_folder);

// Makes the folder of a peer, and checkpoints/ in it.
[[nodiscard]] runtime::Status make_peer_folder(const std::filesystem::path& folder);

// Makes it ready for a run: writes config.toml, complete, into it and removes the final estimate of
// an earlier run. Where that run is gone on with, its records move to metrics-1.jsonl, or the next
// number that is free; where not, its checkpoints move to checkpoints/earlier/, in place of those
// that are there. Returns how many checkpoints moved.
[[nodiscard]] runtime::Result<std::size_t> prepare_peer_folder(const std::filesystem::path& folder,
                                                               const Config& config);

}  // namespace peers
