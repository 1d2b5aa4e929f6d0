#pragma once
// Many peers as processes on this machine. The launcher starts them, tells each where the others
// listen, shows what they report and adds it up. It takes no part in training: without it they
// would train just the same.

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "peers/config.h"

namespace peers {

struct LaunchOptions {
  std::filesystem::path program;       // of the peers: this very program
  std::filesystem::path file;          // the TOML file
  std::vector<std::string> overrides;  // --set, handed on to every peer
  std::size_t peers = 4;
  bool json = false;  // summary.json on standard output instead of a table
};

// Runs until all peers have ended. Returns the exit status: 0 where every peer that was not killed
// from outside is done; 1 where one failed or none is left; 130 interrupted.
[[nodiscard]] int launch(const Config& config, const LaunchOptions& options);

}  // namespace peers
