#pragma once
// What a run is asked to do: TOML in, a Config or a readable refusal with line and suggestion out.
// Every key is described once, in config_fields.cc; reading, overrides, printing and docs/config.md
// follow from that. Names (of optimizers, topologies, ...) stay strings here: the table that builds
// the named thing is the one that knows it.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/result.h"

namespace peers {

struct PeerConfig {
  std::string name;
  std::string listen = "tcp://127.0.0.1:0";
  std::string advertise;
  std::vector<std::string> join;
  std::string device = "auto";
  std::uint64_t threads = 0;
  bool operator==(const PeerConfig&) const = default;
};

struct DataConfig {
  std::string set = "glyphs";
  std::string path;
  std::string partition = "iid";
  double alpha = 0.5;
  std::string tasks = "none";
  std::uint64_t task_count = 10;
  std::uint64_t part = 0;
  std::uint64_t parts = 1;
  bool augment = false;
  std::uint64_t limit = 0;
  std::uint64_t context = 64;
  bool operator==(const DataConfig&) const = default;
};

struct ModelConfig {
  std::string kind = "lenet5";
  std::vector<std::string> layers;
  std::string init;
  bool operator==(const ModelConfig&) const = default;
};

struct TrainConfig {
  std::uint64_t epochs = 5;
  std::uint64_t steps = 0;
  std::uint64_t batch = 32;
  std::string batch_policy = "fixed";
  std::uint64_t batch_max = 512;
  double batch_growth = 0.1;
  std::uint64_t batch_every = 1;
  bool batch_rescale = true;
  std::uint64_t noise_every = 100;
  std::string precision = "f32";
  double drop_activations = 0.0;
  double label_smoothing = 0.0;
  std::uint64_t evaluate_every = 1;
  bool operator==(const TrainConfig&) const = default;
};

struct PolicyConfig {
  std::string preset = "sgp";
  std::string optimizer = "momentum";
  std::string plugin;
  double learning_rate = 0.05;
  std::uint64_t learning_rate_batch = 0;
  std::string learning_rate_rule = "constant";
  double warm_up = 0.0;
  std::vector<double> decay_at = {0.5, 0.75};
  double decay_factor = 0.1;
  double momentum = 0.9;
  bool nesterov = false;
  double weight_decay = 0.0;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double rho = 0.05;
  std::string schedule = "every-step";
  std::uint64_t period = 1;
  std::uint64_t participants = 0;
  std::string order = "adapt-then-combine";
  std::string stages = "sc";
  std::string stage_data = "iid";
  std::uint64_t stage_steps = 1000;
  double stage_pull = 0.0;
  std::string correction = "none";
  double correction_damping = 0.5;
  double fedaware_memory = 0.5;
  double fedaware_rate = 1.0;
  bool fedaware_projected = true;
  std::string regularizer = "none";
  double regularizer_strength = 1e-4;
  std::string outer = "none";
  double outer_learning_rate = 0.7;
  double outer_momentum = 0.9;
  bool rate_correction = true;
  bool operator==(const PolicyConfig&) const = default;
};

struct MoreauConfig {
  double v = 0.1;
  double k = 10.0;
  std::string distance = "sketch";
  std::string space = "estimate";
  bool per_block = false;
  bool operator==(const MoreauConfig&) const = default;
};

struct ViewConfig {
  std::uint64_t neighbours = 5;
  std::uint64_t others = 30;
  bool operator==(const ViewConfig&) const = default;
};

struct GossipConfig {
  std::string protocol = "push-sum";
  std::string weighting = "uniform";
  double constant_share = 9.0 / 110.0;
  std::string topology = "one-peer-exponential";
  std::uint64_t fanout = 1;
  std::string topology_file;
  std::string pace = "async";
  std::string codec = "f32";
  std::uint64_t block_bytes = 1048576;
  std::optional<std::uint64_t> blocks_per_push;  // empty: "all"
  std::string block_choice = "round-robin";
  double share_kept = 0.01;
  double damping = 1.0;
  std::uint64_t average_every = 8;
  std::uint64_t max_lead = 8;
  double weight_floor = 0.05;
  std::uint64_t settle_rounds = 16;
  bool mix_statistics = true;
  MoreauConfig moreau;
  ViewConfig view;
  bool operator==(const GossipConfig&) const = default;
};

struct MembershipConfig {
  std::vector<std::string> members;  // parse_member() reads one
  std::uint64_t probe_interval_ms = 200;
  double suspicion_multiplier = 7.0;
  std::string discovery = "none";
  std::uint64_t beacon_port = 40404;
  bool operator==(const MembershipConfig&) const = default;
};

struct SecurityConfig {
  std::string mode = "none";
  std::string key;
  std::string authorized;
  std::uint64_t refused_max = 64;
  std::uint64_t messages_max = 500'000;
  double norm_limit = 0.0;
  std::string norm_action = "refuse";
  bool allow_insecure_lan = false;
  bool operator==(const SecurityConfig&) const = default;
};

struct CheckpointConfig {
  double every_seconds = 0.0;
  std::uint64_t keep = 2;
  std::string resume = "none";  // none | auto | a file
  bool operator==(const CheckpointConfig&) const = default;
};

struct WatchConfig {
  std::string http;
  bool operator==(const WatchConfig&) const = default;
};

struct ObjectiveConfig {
  std::string kind = "network";
  std::string centers;
  std::string curvature;
  std::string points;
  double l2 = 0.01;
  std::string start;
  double noise = 0.0;
  bool operator==(const ObjectiveConfig&) const = default;
};

// Probabilities are per message.
struct LinkConfig {
  double delay_ms = 1.0;
  double bandwidth_mbit = 0.0;
  double loss = 0.0;
  double duplicate = 0.0;
  double reorder = 0.0;
  bool operator==(const LinkConfig&) const = default;
};

struct FaultConfig {
  double at = 0.0;   // seconds of virtual time
  std::string kind;  // crash | leave | restart | join | freeze | thaw | cut | mute | heal
  std::vector<std::uint64_t> peers;
  bool operator==(const FaultConfig&) const = default;
};

struct SimulateConfig {
  std::uint64_t peers = 8;
  std::optional<std::uint64_t> rounds;  // at most one of rounds and seconds is given
  std::optional<double> seconds;
  bool trace = false;
  std::vector<double> step_seconds = {0.1};  // never empty
  std::string precision = "f32";
  LinkConfig link;
  std::vector<FaultConfig> faults;
  bool operator==(const SimulateConfig&) const = default;
};

// Files and folders that were found are absolute here, so that a copy of the config reads the same
// from anywhere.
struct Config {
  std::string run = "mnist";
  std::uint64_t seed = 1;
  PeerConfig peer;
  DataConfig data;
  ModelConfig model;
  TrainConfig train;
  PolicyConfig policy;
  GossipConfig gossip;
  MembershipConfig membership;
  SecurityConfig security;
  CheckpointConfig checkpoint;
  WatchConfig watch;
  ObjectiveConfig objective;
  SimulateConfig simulate;
  bool operator==(const Config&) const = default;
};

// Reads `file`, then applies the overrides ("train.batch=64", as after --set) in order. The preset
// fills in what neither gave. The Error holds every problem found, one a line, each with its file
// and line or its --set, the key, what was expected and the nearest valid name.
//
// A relative path is looked up beside the file first (not for --set), then in the working
// directory.
[[nodiscard]] runtime::Result<Config> read_config(const std::filesystem::path& file,
                                                  std::span<const std::string> overrides);

// The same for text that is already here; `source_name` takes the place of the file in refusals and
// for relative paths.
[[nodiscard]] runtime::Result<Config> parse_config(std::string_view text,
                                                   std::string_view source_name,
                                                   std::span<const std::string> overrides);

// Complete, with a line of help beside each key. Reads back to an equal Config.
[[nodiscard]] std::string to_toml(const Config& config);

// The table of keys of docs/config.md, as Markdown.
[[nodiscard]] std::string config_reference();

}  // namespace peers
