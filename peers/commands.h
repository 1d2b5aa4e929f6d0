#pragma once
// The commands of the program, each a word on its command line. All return the exit status.

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>

#include "peers/bench.h"
#include "peers/config.h"

namespace peers {

[[nodiscard]] int check_command(const Config& config);  // prints the config, complete
[[nodiscard]] int list_command(
    const std::string& kind,
    std::optional<std::size_t> peer_count);  // names and what they are;
                                             // topologies: of so many peers
// A key pair in `folder`, called `name`, or after this host where that is empty.
[[nodiscard]] int keygen_command(const std::filesystem::path& folder, const std::string& name);
[[nodiscard]] int simulate_command(const Config& config, const std::filesystem::path& out,
                                   bool json);
[[nodiscard]] int bench_train_command(const BenchTrainOptions& options, bool json);
[[nodiscard]] int bench_gossip_command(const BenchGossipOptions& options, bool json);
[[nodiscard]] int bench_codec_command(const BenchCodecOptions& options, bool json);
[[nodiscard]] int bench_mix_command(const BenchMixOptions& options, bool json);

// The words that `murmur list` takes.
[[nodiscard]] std::string list_kinds();

}  // namespace peers
