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

// Makes the folder and writes config.toml, complete, into it. What an earlier run of this name left
// is overwritten.
runtime::Status make_run_folder(const std::filesystem::path& folder, const Config& config);

}  // namespace peers
