#include "peers/checkpoint_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <system_error>
#include <utility>

#include "models/safetensors.h"
#include "runtime/replace_file.h"

namespace peers {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "step-";
constexpr std::string_view kSuffix = ".safetensors";

std::vector<fs::path> files_in(const fs::path& folder, std::string_view suffix) {
  std::vector<fs::path> files;
  std::error_code missing;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, missing)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(kPrefix) && name.ends_with(suffix)) files.push_back(entry.path());
  }
  return files;
}

struct Dated {
  bool readable = false;
  CheckpointNote note;
  fs::path path;

  bool operator<(const Dated& other) const {
    if (readable != other.readable) return readable;
    if (note < other.note) return true;
    return !(other.note < note) && path < other.path;
  }
};

}  // namespace

fs::path checkpoint_folder(const fs::path& peer_folder) { return peer_folder / "checkpoints"; }

fs::path checkpoint_path(const fs::path& folder, std::uint64_t step) {
  return folder / fmt::format("{}{:09}{}", kPrefix, step, kSuffix);
}

std::vector<fs::path> checkpoints_in(const fs::path& folder) {
  std::vector<Dated> dated;
  for (fs::path& path : files_in(folder, kSuffix)) {
    const auto metadata = models::read_metadata(path);
    dated.push_back({.readable = metadata.ok(),
                     .note = metadata ? note_of(*metadata) : CheckpointNote{},
                     .path = std::move(path)});
  }
  std::ranges::sort(dated, [](const Dated& a, const Dated& b) { return b < a; });
  std::vector<fs::path> paths;
  for (Dated& each : dated) paths.push_back(std::move(each.path));
  return paths;
}

void remove_old_checkpoints(const fs::path& folder, std::size_t keep) {
  std::error_code ignored;  // it is tried again after the next one
  std::vector<fs::path> paths = checkpoints_in(folder);
  // What cannot be read does not count among those kept.
  const auto readable = std::ranges::find_if(
      paths, [](const fs::path& path) { return models::read_metadata(path).ok(); });
  std::rotate(paths.begin(), readable, paths.end());
  for (std::size_t i = keep; i < paths.size(); ++i) fs::remove(paths[i], ignored);
  for (const fs::path& partial : files_in(folder, runtime::kPartialSuffix))
    fs::remove(partial, ignored);
}

runtime::Result<std::optional<CheckpointFile>> latest_checkpoint(const fs::path& folder,
                                                                 const runtime::Log& log) {
  const std::vector<fs::path> paths = checkpoints_in(folder);
  for (const fs::path& path : paths) {
    auto file = CheckpointFile::read(path);
    if (file) return std::optional(std::move(file).value());
    log.error("{}; the one before it is tried", file.error().message);
  }
  if (paths.empty()) return std::optional<CheckpointFile>();
  return runtime::Error{fmt::format(
      "{}: none of the {} checkpoints can be read; checkpoint.resume = \"none\" begins anew",
      folder.string(), paths.size())};
}

}  // namespace peers
