#include "peers/commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string_view>

#include "kernels/open_backend.h"
#include "models/datasets/dataset.h"
#include "models/network.h"
#include "peers/assembly.h"
#include "peers/config_checks.h"
#include "peers/config_fields.h"
#include "peers/config_names.h"
#include "peers/config_presets.h"
#include "peers/config_protocol.h"
#include "peers/host_name.h"
#include "peers/simulate.h"
#include "peers/start.h"
#include "peers/topologies.h"
#include "peers/version.h"
#include "runtime/stop_signal.h"
#include "runtime/zmq_keys.h"

namespace peers {
namespace {

using Json = nlohmann::ordered_json;

struct Kind {
  std::string_view word;
  std::string_view key;
};
constexpr std::array kKinds{
    Kind{"models", "model.kind"},
    Kind{"datasets", "data.set"},
    Kind{"partitions", "data.partition"},
    Kind{"optimizers", "policy.optimizer"},
    Kind{"schedules", "policy.schedule"},
    Kind{"corrections", "policy.correction"},
    Kind{"regularizers", "policy.regularizer"},
    Kind{"outers", "policy.outer"},
    Kind{"protocols", "gossip.protocol"},
    Kind{"weightings", "gossip.weighting"},
    Kind{"topologies", "gossip.topology"},
    Kind{"codecs", "gossip.codec"},
    Kind{"presets", "policy.preset"},
};
constexpr std::string_view kKeys = "keys";

constexpr std::size_t kListedPeers = 8;

Json to_json(const Spread& spread) {
  return {{"median", spread.median}, {"min", spread.min}, {"max", spread.max}};
}

// The network on the data, a line a layer, and what it starts from, as comments that may follow the
// config.
runtime::Result<std::string> network_table(const Config& config) {
  const auto data = models::open_data({.set = config.data.set,
                                       .path = config.data.path,
                                       .seed = config.seed,
                                       .context = config.data.context});
  if (!data) return data.error();
  const auto backend = kernels::open_backend({.device = "reference"});
  if (!backend) return backend.error();
  const auto network =
      models::Network::create(network_spec(config, *data->train), *backend->backend, 1);
  if (!network) return network.error();
  std::istringstream lines((*network)->summary());
  std::string table = fmt::format("# {:<52} {:>12} {:>10}\n", "layer", "output", "parameters");
  for (std::string line; std::getline(lines, line);) table += fmt::format("# {}\n", line);
  if (auto dropping = (*network)->drop_activations(config.train.drop_activations); !dropping)
    return dropping.error();
  const std::size_t bytes = (*network)->planned_activation_bytes(config.train.batch);
  table += fmt::format("# a step of {} samples: {:.1f} MB of activations and their gradients\n",
                       config.train.batch, static_cast<double>(bytes) / 1e6);
  if (config.model.init.empty()) return table;
  const auto start = start_of(config, **network);
  if (!start) return start.error();
  for (const std::string& note : start->notes) table += fmt::format("# {}\n", note);
  return table;
}

// A preset on a line, and below it what it is made of and where it is from. Keys of other tables
// than [policy] are written in full.
void print_presets() {
  for (const Preset& preset : presets()) {
    fmt::print("{:<22} {}\n", preset.name, preset.summary);
    std::string parts;
    for (const PresetValue& value : preset.values) {
      const std::string_view key =
          table_of(value.key) == "policy" ? last_word_of(value.key) : value.key;
      parts += fmt::format("{}{} = {}", parts.empty() ? "" : ", ", key, value.value);
    }
    if (!parts.empty()) fmt::print("{:<22}   {}\n", "", parts);
    if (!preset.source.empty()) fmt::print("{:<22}   {}\n", "", preset.source);
  }
}

// The same of protocols: below, what each fixes.
void print_protocols() {
  for (const Protocol& protocol : protocols()) {
    fmt::print("{:<22} {}\n", protocol.name, protocol.summary);
    for (const Demand& demand : protocol.demands)
      fmt::print("{:<22}   {} = {}: {}\n", "", demand.key, fmt::join(demand.allowed, " or "),
                 demand.reason);
    if (!protocol.source.empty()) fmt::print("{:<22}   {}\n", "", protocol.source);
  }
}

double share_of(const BenchGossipReport& curve, const BenchGossipReport& plain) {
  return curve.gigabytes_per_second.median / plain.gigabytes_per_second.median;
}

int fail(const runtime::Error& error) {
  fmt::print(stderr, "murmur: {}\n", error.message);
  return 1;
}

void tell_precision_lack(const Config& config) {
  if (const std::string lack = precision_lack(config); !lack.empty())
    fmt::print(stderr, "murmur: {}\n", lack);
}

}  // namespace

std::string list_kinds() {
  std::string words;
  for (const Kind& kind : kKinds) words += (words.empty() ? "" : " | ") + std::string(kind.word);
  return words + " | " + std::string(kKeys);
}

int check_command(const Config& config) {
  fmt::print("{}", to_toml(config));
  tell_precision_lack(config);
  if (config.objective.kind != "network") return 0;
  const auto table = network_table(config);
  if (!table) {
    fmt::print(stderr, "murmur: {}\n", table.error().message);
    return 2;
  }
  fmt::print("\n{}", *table);
  return 0;
}

int list_command(const std::string& kind, std::optional<std::size_t> peer_count) {
  if (kind == "topologies") {
    fmt::print("{}", topology_table(peer_count.value_or(kListedPeers)));
    return 0;
  }
  if (peer_count) {
    fmt::print(stderr, "murmur: list: --peers goes with topologies, got '{}'\n", kind);
    return 2;
  }
  if (kind == kKeys) {
    fmt::print("{}", config_reference());
    return 0;
  }
  for (const Kind& known : kKinds) {
    if (known.word != kind) continue;
    if (kind == "presets") {
      print_presets();
      return 0;
    }
    if (kind == "protocols") {
      print_protocols();
      return 0;
    }
    for (const Choice& choice : choices_of(known.key)) {
      fmt::print("{:<22} {}\n", choice.name, choice.summary);
    }
    return 0;
  }
  fmt::print(stderr, "murmur: list: unknown kind '{}'; there are {}\n", kind, list_kinds());
  return 2;
}

int keygen_command(const std::filesystem::path& folder, const std::string& name) {
  const std::string called = name.empty() ? host_name() : name;
  const runtime::KeyPair keys = runtime::generate_keys();
  if (auto written = runtime::write_keys(folder, called, keys); !written)
    return fail(written.error());
  const std::string file = (folder / called).string();
  fmt::print(
      "{}{}  secret, stays here: security.key\n{}{}  public, {}\n"
      "Copy the public one into the folder security.authorized of the others, and theirs to "
      "here.\n",
      file, runtime::kSecretKeySuffix, file, runtime::kPublicKeySuffix, keys.public_key);
  return 0;
}

int simulate_command(const Config& config, const std::filesystem::path& out, bool json) {
  const runtime::StopSignal stop = runtime::stop_on_sigint_or_sigterm();
  for (const std::string& warning : warnings_of(config))
    fmt::print(stderr, "murmur: {}\n", warning);
  tell_precision_lack(config);
  auto report = simulate(config, out, stop);
  if (!report) return fail(report.error());
  if (report->stopped) return 130;
  const bool diverged = std::ranges::any_of(report->summary.peers,
                                            [](const PeerSummary& peer) { return peer.exit == 1; });
  if (diverged) fmt::print(stderr, "murmur: a peer diverged; try a smaller policy.learning_rate\n");
  if (json) {
    fmt::print("{}", to_json_text(report->summary));
    return diverged ? 1 : 0;
  }
  fmt::print("{}", to_text(report->summary));
  fmt::print("{}\n", report->graph);
  fmt::print(
      "{:.3f} s of virtual time, {} events, fingerprint {:016x}, of the results {:016x}; files in "
      "{}\n",
      report->virtual_seconds, report->events, report->fingerprint,
      results_fingerprint(report->summary), out.string());
  fmt::print("{} rounds of a peer in {:.2f} s: {:.0f} a second; {:.0f} bytes of memory a peer\n",
             report->peer_rounds, report->wall_seconds,
             static_cast<double>(report->peer_rounds) / std::max(report->wall_seconds, 1e-9),
             report->bytes_per_peer);
  return diverged ? 1 : 0;
}

int bench_train_command(const BenchTrainOptions& options, bool json) {
  auto report = bench_train(options);
  if (!report) return fail(report.error());
  if (!report->notice.empty()) fmt::print(stderr, "murmur: {}\n", report->notice);
  if (json) {
    const Json figures{{"bench", "train"},
                       {"version", kVersion},
                       {"model", options.model},
                       {"batch", options.batch},
                       {"threads", options.threads},
                       {"drop_activations", options.drop_activations},
                       {"device", report->device},
                       {"precision", report->precision},
                       {"parameters", report->parameters},
                       {"samples_per_second", to_json(report->samples_per_second)},
                       {"step_milliseconds", report->step_milliseconds},
                       {"gigaflops", report->gigaflops},
                       {"peak_gigaflops", report->peak_gigaflops},
                       {"loader_milliseconds", report->stages.loader},
                       {"forward_milliseconds", report->stages.forward},
                       {"backward_milliseconds", report->stages.backward},
                       {"optimizer_milliseconds", report->stages.optimizer},
                       {"activation_bytes", report->activation_bytes},
                       {"memory_bytes_max", report->memory_bytes_max}};
    fmt::print("{}\n", figures.dump(2));
    return 0;
  }
  const Spread& rate = report->samples_per_second;
  fmt::print(
      "{} ({} parameters), batch {}, {}: {:.0f} samples/s [{:.0f}..{:.0f}], {:.3f} ms a step\n",
      options.model, report->parameters, options.batch, report->device, rate.median, rate.min,
      rate.max, report->step_milliseconds);
  const StageTimes& stages = report->stages;
  fmt::print(
      "{:.1f} Gflop/s, {:.0f} % of a product of large matrices; forward {:.3f} ms, backward {:.3f} "
      "ms, optimizer {:.3f} ms, beside them the loader {:.3f} ms; memory at most {:.0f} MB, "
      "activations {:.1f} MB\n",
      report->gigaflops, 100.0 * report->gigaflops / report->peak_gigaflops, stages.forward,
      stages.backward, stages.optimizer, stages.loader,
      1e-6 * static_cast<double>(report->memory_bytes_max),
      1e-6 * static_cast<double>(report->activation_bytes));
  return 0;
}

int bench_gossip_command(const BenchGossipOptions& options, bool json) {
  auto report = bench_gossip(options);
  if (!report) return fail(report.error());
  std::optional<BenchGossipReport> plain;
  if (options.curve) {
    BenchGossipOptions without = options;
    without.curve = false;
    auto beside = bench_gossip(without);
    if (!beside) return fail(beside.error());
    plain = *beside;
  }
  if (json) {
    Json figures{{"bench", "gossip"},
                 {"version", kVersion},
                 {"bytes", options.bytes},
                 {"peers", options.peers},
                 {"block_bytes", options.block_bytes},
                 {"listen", options.listen},
                 {"codec", options.codec},
                 {"gigabytes_per_second", to_json(report->gigabytes_per_second)},
                 {"pushes_per_second", report->pushes_per_second},
                 {"weight_total", report->weight_total}};
    if (plain) {
      figures["plain_gigabytes_per_second"] = to_json(plain->gigabytes_per_second);
      figures["curve_share_of_plain"] = share_of(*report, *plain);
    }
    fmt::print("{}\n", figures.dump(2));
    return 0;
  }
  const Spread& rate = report->gigabytes_per_second;
  fmt::print(
      "{} peers, {:.1f} MB each, blocks of {} bytes: {:.2f} GB/s [{:.2f}..{:.2f}] arrived and "
      "mixed, "
      "{:.1f} pushes/s, total weight {:.12f}\n",
      options.peers, static_cast<double>(options.bytes) * 1e-6, options.block_bytes, rate.median,
      rate.min, rate.max, report->pushes_per_second, report->weight_total);
  if (plain)
    fmt::print("that is with CURVE; without {:.2f} GB/s [{:.2f}..{:.2f}]: {:.0f} % of it is left\n",
               plain->gigabytes_per_second.median, plain->gigabytes_per_second.min,
               plain->gigabytes_per_second.max, 100.0 * share_of(*report, *plain));
  return 0;
}

int bench_codec_command(const BenchCodecOptions& options, bool json) {
  auto report = bench_codec(options);
  if (!report) return fail(report.error());
  if (json) {
    const Json figures{
        {"bench", "codec"},
        {"version", kVersion},
        {"codec", options.codec},
        {"bytes", options.bytes},
        {"block_bytes", options.block_bytes},
        {"bytes_a_number", report->bytes_a_number},
        {"encode_gigabytes_per_second", to_json(report->encode_gigabytes_per_second)},
        {"decode_gigabytes_per_second", to_json(report->decode_gigabytes_per_second)},
        {"memcpy_gigabytes_per_second", to_json(report->memcpy_gigabytes_per_second)},
        {"ratio", to_json(report->ratio)}};
    fmt::print("{}\n", figures.dump(2));
    return 0;
  }
  fmt::print(
      "{}, {:.3f} bytes a number: encode {:.2f} GB/s, decode {:.2f} GB/s, memcpy {:.2f} GB/s; both "
      "against memcpy {:.2f} [{:.2f}..{:.2f}]\n",
      options.codec, report->bytes_a_number, report->encode_gigabytes_per_second.median,
      report->decode_gigabytes_per_second.median, report->memcpy_gigabytes_per_second.median,
      report->ratio.median, report->ratio.min, report->ratio.max);
  return 0;
}

int bench_mix_command(const BenchMixOptions& options, bool json) {
  auto report = bench_mix(options);
  if (!report) return fail(report.error());
  if (json) {
    const Json figures{{"bench", "mix"},
                       {"version", kVersion},
                       {"bytes", options.bytes},
                       {"block_bytes", options.block_bytes},
                       {"fold_gigabytes_per_second", to_json(report->fold_gigabytes_per_second)},
                       {"triad_gigabytes_per_second", to_json(report->triad_gigabytes_per_second)},
                       {"ratio", to_json(report->ratio)}};
    fmt::print("{}\n", figures.dump(2));
    return 0;
  }
  fmt::print("fold {:.2f} GB/s of arrivals, a plain triad {:.2f} GB/s: {:.2f} [{:.2f}..{:.2f}]\n",
             report->fold_gigabytes_per_second.median, report->triad_gigabytes_per_second.median,
             report->ratio.median, report->ratio.min, report->ratio.max);
  return 0;
}

}  // namespace peers
