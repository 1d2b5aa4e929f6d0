#include "peers/run_folder.h"

#include <fmt/format.h>

#include <fstream>
#include <system_error>

namespace peers {

std::filesystem::path run_folder(const Config& config) {
  return std::filesystem::path("runs") / config.run;
}

std::filesystem::path peer_folder(const Config& config) {
  return run_folder(config) / config.peer.name;
}

std::filesystem::path final_estimate_file(const std::filesystem::path& peer_folder) {
  return peer_folder / "checkpoints" / "final.safetensors";
}

runtime::Status make_run_folder(const std::filesystem::path& folder, const Config& config) {
  std::error_code failure;
  std::filesystem::create_directories(folder / "checkpoints", failure);
  if (failure) {
    return runtime::Error{
        fmt::format("{}: cannot make this run folder: {}", folder.string(), failure.message())};
  }
  // An estimate of an earlier run must not pass for one of this.
  std::filesystem::remove(final_estimate_file(folder), failure);
  const std::filesystem::path file = folder / "config.toml";
  std::ofstream out(file);
  out << to_toml(config);
  out.close();
  if (!out) return runtime::Error{fmt::format("{}: cannot be written", file.string())};
  return {};
}

}  // namespace peers
