#include "peers/launch_resume.h"

#include <fmt/format.h>

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

bool is_behind(const CheckpointNote& a, const CheckpointNote& b) {
  return std::tie(a.step, a.round) < std::tie(b.step, b.round);
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

std::optional<Beginnings> beginnings_of(std::span<const std::optional<CheckpointNote>> latest) {
  std::optional<std::size_t> first;
  std::optional<std::size_t> last;
  for (std::size_t i = 0; i < latest.size(); ++i) {
    if (!latest[i]) continue;
    if (!first || is_behind(*latest[*first], *latest[i])) first = i;
    if (!last || is_behind(*latest[i], *latest[*last])) last = i;
  }
  if (!first) return std::nullopt;
  Beginnings beginnings{.estimates = {}, .position = *last};
  for (std::size_t i = 0; i < latest.size(); ++i)
    beginnings.estimates.push_back(latest[i] ? i : *first);
  return beginnings;
}

std::vector<std::vector<std::string>> resume_arguments(const Config& config, std::size_t count,
                                                       const runtime::Log& log) {
  std::vector<std::vector<std::string>> arguments(count);
  if (config.checkpoint.resume != "auto") return arguments;
  std::vector<std::optional<Found>> own;
  std::vector<std::optional<CheckpointNote>> latest(count);
  for (std::size_t i = 0; i < count; ++i) {
    own.push_back(found_of(config, i, log));
    if (own[i]) latest[i] = own[i]->note;
  }
  const auto beginnings = beginnings_of(latest);
  if (!beginnings) return arguments;
  for (std::size_t i = 0; i < count; ++i) {
    // Its own is named, too: what was judged here is what is taken.
    const Found& taken = *own[beginnings->estimates[i]];
    arguments[i] = {"--set", "checkpoint.resume=" + taken.path.string()};
    if (config.gossip.pace == "sync")
      arguments[i].insert(arguments[i].end(),
                          {"--position", own[beginnings->position]->path.string()});
    if (!own[i])
      log.warn("{} has no checkpoint: it begins with that of {}, step {}", launched_name(i),
               taken.note.peer, taken.note.step);
  }
  return arguments;
}

}  // namespace peers
