#include "peers/resume.h"

#include <fmt/format.h>

#include <map>
#include <set>
#include <sstream>
#include <utility>

#include "peers/checkpoint_folder.h"

namespace peers {
namespace {

using runtime::Error;
using runtime::Result;
using runtime::Status;

std::map<std::string, std::string> settings_of(const std::string& text) {
  std::map<std::string, std::string> settings;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t equals = line.find(" = ");
    if (equals != std::string::npos) settings[line.substr(0, equals)] = line.substr(equals + 3);
  }
  return settings;
}

// One line a setting; empty: they are the same.
std::string differences(const std::string& here, const std::string& there) {
  auto ours = settings_of(here);
  auto theirs = settings_of(there);
  std::set<std::string> keys;
  for (const auto& [key, value] : ours) keys.insert(key);
  for (const auto& [key, value] : theirs) keys.insert(key);
  const auto said = [](const std::string& value) { return value.empty() ? "nothing" : value; };
  std::string lines;
  for (const std::string& key : keys) {
    if (ours[key] != theirs[key])
      lines += fmt::format("\n    {}: this run has {}, the checkpoint {}", key, said(ours[key]),
                           said(theirs[key]));
  }
  return lines;
}

}  // namespace

std::string policy_lines(const Config& config) {
  const PolicyConfig& policy = config.policy;
  std::string lines = fmt::format(
      "policy.optimizer = {}\npolicy.correction = {}\npolicy.regularizer = {}\npolicy.outer = {}\n",
      policy.optimizer, policy.correction, policy.regularizer, policy.outer);
  if (!policy.plugin.empty()) lines += fmt::format("policy.plugin = {}\n", policy.plugin);
  return lines;
}

Result<std::optional<CheckpointFile>> find_checkpoint(const Config& config,
                                                      const std::filesystem::path& peer_folder,
                                                      const runtime::Log& log) {
  const std::string& resume = config.checkpoint.resume;
  if (resume == "none") return std::optional<CheckpointFile>();
  if (resume == "auto") return latest_checkpoint(checkpoint_folder(peer_folder), log);
  auto file = CheckpointFile::read(resume);
  if (!file) return Error{"checkpoint.resume: " + file.error().message};
  return std::optional(std::move(file).value());
}

Status Resumption::check() const {
  const CheckpointNote& note = parts_.file->note();
  std::string different = differences(parts_.assembly->terms(), note.terms);
  if (is_own()) different += differences(parts_.policy, note.policy);
  if (different.empty()) return {};
  return Error{fmt::format(
      "{}: cannot go on from it, the run differs in{}\n    (checkpoint.resume = \"none\" begins "
      "anew; model.init takes parameters from it)",
      parts_.file->path().string(), different)};
}

Result<PeerState> Resumption::state_of(const CheckpointFile& file) const {
  return file.state(
      tensors_of(parts_.assembly->network(), parts_.assembly->objective().parameter_count()));
}

Status Resumption::restored(const RestoringVisitor& visitor) const {
  const Status status = visitor.status();
  if (status.ok()) return {};
  return Error{fmt::format("{}: {}", parts_.file->path().string(), status.error().message)};
}

Status Resumption::resume() {
  if (Status checked = check(); !checked) return checked;
  const auto state = state_of(*parts_.file);
  if (!state) return state.error();
  if (state->estimate.view().count() != parts_.assembly->objective().parameter_count() ||
      state->estimate.scalar != parts_.assembly->objective().scalar())
    return Error{
        fmt::format("{}: its estimate is of another type or size", parts_.file->path().string())};
  const auto position = parts_.position == nullptr ? state : state_of(*parts_.position);
  if (!position) return position.error();
  RestoringVisitor where(*position, *parts_.backend);
  RestoringVisitor parts(*state, *parts_.backend);
  parts_.assembly->peer().resume(state->estimate.view(), where, is_own() ? &parts : nullptr);
  if (Status status = restored(where); !status) return status;
  return restored(parts);
}

Status Resumption::restore_parts() {
  if (Status checked = check(); !checked || !is_own()) return checked;
  const auto state = state_of(*parts_.file);
  if (!state) return state.error();
  RestoringVisitor parts(*state, *parts_.backend);
  parts_.assembly->peer().visit_parts(parts);
  return restored(parts);
}

}  // namespace peers
