#include "runtime/authorized_keys.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "runtime/zmq_keys.h"

namespace runtime {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kOwnName = "this peer";

// In order; an Error where the folder cannot be read.
Result<std::vector<fs::path>> key_files(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code failure;
  for (fs::directory_iterator entry(folder, failure), end; !failure && entry != end;
       entry.increment(failure))
    if (entry->path().extension() == kPublicKeySuffix) files.push_back(entry->path());
  if (failure)
    return Error{fmt::format("security.authorized: {}: {}", folder.string(), failure.message())};
  std::ranges::sort(files);
  if (files.size() > AuthorizedKeys::kKeysMax) files.resize(AuthorizedKeys::kKeysMax);
  return files;
}

// Changes whenever a file came, went, or was written: by its size, its number or its times.
std::string signature_of(const std::vector<fs::path>& files) {
  std::string signature;
  for (const fs::path& file : files) {
    struct ::stat about = {};
    if (::stat(file.c_str(), &about) != 0) continue;
    signature += fmt::format("{} {} {} {}.{} {}.{}\n", file.filename().string(), about.st_size,
                             about.st_ino, about.st_mtim.tv_sec, about.st_mtim.tv_nsec,
                             about.st_ctim.tv_sec, about.st_ctim.tv_nsec);
  }
  return signature;
}

std::vector<std::string> differences(const KeyNames& before, const KeyNames& after) {
  std::vector<std::string> lines;
  for (const auto& [key, name] : before)
    if (!after.contains(key)) lines.push_back(fmt::format("{} is no longer authorized", name));
  for (const auto& [key, name] : after)
    if (!before.contains(key)) lines.push_back(fmt::format("{} is authorized", name));
  return lines;
}

}  // namespace

Result<std::unique_ptr<AuthorizedKeys>> AuthorizedKeys::open(std::string own, fs::path folder) {
  if (!folder.empty()) {
    if (auto files = key_files(folder); !files) return files.error();
  }
  std::unique_ptr<AuthorizedKeys> authorized(
      new AuthorizedKeys(std::move(own), std::move(folder)));  // NOLINT: private constructor
  authorized->keys_ =
      std::make_shared<const KeyNames>(KeyNames{{authorized->own_, std::string(kOwnName)}});
  return authorized;
}

std::shared_ptr<const KeyNames> AuthorizedKeys::keys() const {
  const std::scoped_lock lock(mutex_);
  return keys_;
}

std::vector<std::string> AuthorizedKeys::refresh() {
  if (folder_.empty()) return {};
  const auto files = key_files(folder_);
  const std::string seen = files ? signature_of(*files) : files.error().message;
  if (seen == std::exchange(seen_, seen)) return {};
  std::vector<std::string> notes;
  KeyNames read{{own_, std::string(kOwnName)}};
  if (!files) notes.push_back(files.error().message + "; nobody else is let in");
  for (const fs::path& file : files ? *files : std::vector<fs::path>{}) {
    const auto key = read_public_key(file);
    if (key)
      read.emplace(*key, file.stem().string());
    else
      notes.push_back(key.error().message);
  }
  for (std::string& line : differences(*keys_, read)) notes.push_back(std::move(line));
  auto keys = std::make_shared<const KeyNames>(std::move(read));
  const std::scoped_lock lock(mutex_);
  keys_ = std::move(keys);
  return notes;
}

}  // namespace runtime
