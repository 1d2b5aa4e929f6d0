#include "peers/launch_resume.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <tuple>

#include "peers/checkpoint_folder.h"
#include "peers/launch_names.h"
#include "peers/run_folder.h"

namespace peers {
namespace {

struct Found {
  std::filesystem::path path;
  CheckpointNote note;
};

bool is_behind(const Found& a, const Found& b) {
  return std::tie(a.note.step, a.note.round) < std::tie(b.note.step, b.note.round);
}

std::optional<Found> found_of(const Config& config, std::size_t index, const runtime::Log& log) {
  Config mine = config;
  mine.peer.name = launched_name(index);
  const auto latest = latest_checkpoint(checkpoint_folder(peer_folder(mine)), log);
  if (!latest) log.error("{}", latest.error().message);
  if (!latest || !*latest) return std::nullopt;
  return Found{std::filesystem::absolute((*latest)->path()), (*latest)->note()};
}

}  // namespace

std::vector<std::vector<std::string>> resume_arguments(const Config& config, std::size_t count,
                                                       const runtime::Log& log) {
  std::vector<std::vector<std::string>> arguments(count);
  if (config.checkpoint.resume != "auto") return arguments;
  std::vector<std::optional<Found>> own;
  std::vector<Found> all;
  for (std::size_t i = 0; i < count; ++i) {
    own.push_back(found_of(config, i, log));
    if (own.back()) all.push_back(*own.back());
  }
  if (all.empty()) return arguments;
  const Found& first = *std::ranges::max_element(all, is_behind);
  const Found& last = *std::ranges::min_element(all, is_behind);
  for (std::size_t i = 0; i < count; ++i) {
    // Its own is named, too: what was judged here is what is taken.
    const Found& taken = own[i] ? *own[i] : first;
    arguments[i] = {"--set", "checkpoint.resume=" + taken.path.string()};
    if (config.gossip.pace == "sync")
      arguments[i].insert(arguments[i].end(), {"--position", last.path.string()});
    if (!own[i])
      log.warn("{} has no checkpoint: it begins with that of {}, step {}", launched_name(i),
               first.note.peer, first.note.step);
  }
  return arguments;
}

}  // namespace peers
