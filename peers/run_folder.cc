#include "peers/run_folder.h"

#include <fmt/format.h>

#include <fstream>
#include <system_error>
#include <vector>

#include "peers/checkpoint_folder.h"

namespace peers {

std::filesystem::path run_folder(const Config& config) {
  return std::filesystem::path("runs") / config.run;
}

std::filesystem::path peer_folder(const Config& config) {
  return run_folder(config) / config.peer.name;
}

std::filesystem::path final_estimate_file(const std::filesystem::path& peer_folder) {
  return checkpoint_folder(peer_folder) / "final.safetensors";
}

runtime::Status make_peer_folder(const std::filesystem::path& folder) {
  std::error_code failure;
  std::filesystem::create_directories(checkpoint_folder(folder), failure);
  if (!failure) return {};
  return runtime::Error{
      fmt::format("{}: cannot make this run folder: {}", folder.string(), failure.message())};
}

namespace {

runtime::Result<std::size_t> put_away_checkpoints(const std::filesystem::path& folder) {
  const std::vector<std::filesystem::path> paths = checkpoints_in(folder);
  if (paths.empty()) return std::size_t{0};
  const std::filesystem::path earlier = folder / "earlier";
  std::error_code failure;
  std::filesystem::remove_all(earlier, failure);
  if (!failure) std::filesystem::create_directories(earlier, failure);
  for (const std::filesystem::path& path : paths) {
    if (!failure) std::filesystem::rename(path, earlier / path.filename(), failure);
  }
  if (!failure) return paths.size();
  return runtime::Error{fmt::format("{}: the checkpoints of an earlier run cannot be put away: {}",
                                    earlier.string(), failure.message())};
}

}  // namespace

namespace {

// The records of a former life: those of this one begin anew.
runtime::Status keep_records(const std::filesystem::path& folder) {
  const std::filesystem::path records = folder / "metrics.jsonl";
  std::error_code error;
  if (!std::filesystem::exists(records, error)) return {};
  std::filesystem::path kept;
  for (int number = 1; kept.empty() || std::filesystem::exists(kept, error); ++number)
    kept = folder / fmt::format("metrics-{}.jsonl", number);
  std::filesystem::rename(records, kept, error);
  if (error)
    return runtime::Error{fmt::format("{}: cannot be moved to {}: {}", records.string(),
                                      kept.string(), error.message())};
  return {};
}

}  // namespace

runtime::Result<std::size_t> prepare_peer_folder(const std::filesystem::path& folder,
                                                 const Config& config) {
  // An estimate of an earlier run must not pass for one of this.
  std::error_code ignored;
  std::filesystem::remove(final_estimate_file(folder), ignored);
  const std::filesystem::path file = folder / "config.toml";
  std::ofstream out(file);
  out << to_toml(config);
  out.close();
  if (!out) return runtime::Error{fmt::format("{}: cannot be written", file.string())};
  if (config.checkpoint.resume != "none") {
    if (const runtime::Status kept = keep_records(folder); !kept) return kept.error();
    return std::size_t{0};
  }
  return put_away_checkpoints(checkpoint_folder(folder));
}

}  // namespace peers
