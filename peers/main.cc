// murmur: the program. Each command is a word; what it does is in the file of that name.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gossip/codec.h"
#include "kernels/cpu/threads.h"
#include "peers/commands.h"
#include "peers/config.h"
#include "peers/config_suggest.h"
#include "peers/doctor.h"
#include "peers/eval.h"
#include "peers/inquiry_commands.h"
#include "peers/launch.h"
#include "peers/run_peer.h"
#include "peers/version.h"
#include "peers/width_study.h"
#include "runtime/allocator.h"
#include "runtime/denormals.h"

namespace {

constexpr int kExitUsage = 2;

// What the commands that read a config have in common.
struct ConfigArguments {
  std::string file;
  std::vector<std::string> overrides;

  void add_to(CLI::App& command) {
    command.add_option("FILE", file, "the TOML file")->required();
    command
        .add_option("--set", overrides, "key=value: wins over the file, e.g. --set train.epochs=2")
        ->allow_extra_args(false)
        ->take_all();
  }
};

// What is wrong with a codec's name, with the nearest; nothing where it is one.
std::string wrong_codec(const std::string& name) {
  const auto made = gossip::make_codec({.name = name});
  if (made) return {};
  std::vector<std::string_view> names;
  for (const gossip::CodecName& known : gossip::codec_names()) names.push_back(known.name);
  const std::string_view meant = peers::nearest(name, names);
  const std::string hint = meant.empty() ? "" : fmt::format("; did you mean \"{}\"?", meant);
  return made.error().message + hint;
}

// Runs `command` with the config, or says what is wrong with it.
int with_config(const ConfigArguments& arguments,
                const std::function<int(const peers::Config&)>& command) {
  const auto config = peers::read_config(arguments.file, arguments.overrides);
  if (config) return command(*config);
  fmt::print(stderr, "{}\n", config.error().message);
  return kExitUsage;
}

struct Commands {
  ConfigArguments config;
  peers::LaunchOptions launch;
  std::optional<std::uint64_t> seed;
  std::string out;
  std::string kind;
  std::string key_folder;
  std::string key_name;
  std::vector<std::string> join;
  std::optional<std::size_t> listed_peers;
  peers::PeerStart peer;
  bool json = false;
  peers::EvalOptions eval;
  std::string exported;
  peers::WidthStudyOptions study;
  peers::StatusOptions status;
  peers::DoctorOptions doctor;
  peers::BenchTrainOptions train;
  peers::BenchGossipOptions gossip;
  peers::BenchCodecOptions codec;
  peers::BenchMixOptions mix;
  std::function<int()> chosen;

  void add_launch(CLI::App& app) {
    CLI::App* command =
        app.add_subcommand("launch", "N peers as processes on this machine, live table, summary");
    config.add_to(*command);
    command->add_option("--peers", launch.peers, "how many")
        ->check(CLI::Range(1, 1024))
        ->capture_default_str();
    command->add_flag("--json", launch.json, "summary.json on standard output");
    command->callback([this] {
      chosen = [this] {
        return with_config(config, [this](const peers::Config& read) {
          launch.program = std::filesystem::read_symlink("/proc/self/exe");
          launch.file = config.file;
          launch.overrides = config.overrides;
          return peers::launch(read, launch);
        });
      };
    });
  }

  void add_peer(CLI::App& app) {
    CLI::App* command =
        app.add_subcommand("peer", "one peer; runs until done or Ctrl-C (graceful leave)");
    config.add_to(*command);
    command
        ->add_option("--join", join,
                     "the address of any living peer of the run: its estimate is the start")
        ->allow_extra_args(false)
        ->take_all();
    command->add_flag("--launched", peer.launched, "started by a launcher: members on stdin")
        ->group("");
    command->add_option("--position", peer.position, "the checkpoint whose round all begin at")
        ->group("");
    command->callback([this] {
      chosen = [this] {
        if (!join.empty())
          config.overrides.push_back(fmt::format("peer.join=[\"{}\"]", fmt::join(join, "\", \"")));
        return with_config(
            config, [this](const peers::Config& read) { return peers::run_peer(read, peer); });
      };
    });
  }

  void add_simulate(CLI::App& app) {
    CLI::App* command = app.add_subcommand(
        "simulate", "the same peers in virtual time, in one process, reproducible");
    config.add_to(*command);
    command->add_option("--seed", seed, "wins over the file's seed");
    command->add_option(
        "--out", out,
        "folder for summary.json, trace.csv and estimates; default runs/<run>/simulate");
    command->add_flag("--json", json, "summary.json on standard output");
    command->callback([this] {
      chosen = [this] {
        if (seed) config.overrides.push_back(fmt::format("seed={}", *seed));
        return with_config(config, [this](const peers::Config& read) {
          const std::filesystem::path folder =
              out.empty() ? std::filesystem::path("runs") / read.run / "simulate"
                          : std::filesystem::path(out);
          return peers::simulate_command(read, folder, json);
        });
      };
    });
  }

  void add_width_study(CLI::App& app) {
    CLI::App* command = app.add_subcommand(
        "width-study", "whether wide networks take larger batches than deep ones of equal size");
    config.add_to(*command);
    const auto at_least_one = CLI::Range(std::size_t{1}, std::size_t{1} << 32U);
    command->add_option("--parameters", study.parameters, "about as many has every network")
        ->check(at_least_one)
        ->capture_default_str();
    command->add_option("--depths", study.depths, "dense layers, the last one included")
        ->delimiter(',')
        ->check(CLI::Range(std::size_t{2}, std::size_t{64}))
        ->capture_default_str();
    command->add_option("--batches", study.batches, "ascending")
        ->delimiter(',')
        ->check(CLI::Range(std::size_t{1}, std::size_t{1} << 16U))
        ->capture_default_str();
    command->add_option("--before", study.before, "a layer in front of the dense ones; repeatable")
        ->allow_extra_args(false)
        ->take_all();
    command->add_option("--target", study.target, "accuracy on the test set to reach")
        ->check(CLI::Range(0.0, 1.0))
        ->capture_default_str();
    command->add_option("--epochs", study.epochs_max, "passes over the data at most")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    command->add_option("--seeds", study.seeds, "how many, from the file's on")
        ->check(at_least_one)
        ->capture_default_str();
    command->add_flag("--json", json);
    command->callback([this] {
      chosen = [this] {
        return with_config(config, [this](const peers::Config& read) {
          return peers::width_study_command(read, study, json);
        });
      };
    });
  }

  void add_eval_and_export(CLI::App& app) {
    CLI::App* judging = app.add_subcommand(
        "eval", "accuracy of a checkpoint, of the average of several, or of all as an ensemble");
    judging->add_option("CHECKPOINT", eval.checkpoints, "step-*.safetensors, final.safetensors")
        ->required();
    auto* ensemble =
        judging->add_flag("--ensemble", eval.ensemble, "each predicts, and their mean is taken");
    judging
        ->add_option("--draws", eval.draws,
                     "of the ensemble: as many draws from N(mean, Xi), Xi the covariance of the "
                     "checkpoints, predict instead")
        ->check(CLI::Range(std::size_t{2}, std::size_t{1000}))
        ->needs(ensemble);
    judging->add_flag("--sharpness", eval.sharpness,
                      "how much the loss rises along what the checkpoints disagree on");
    judging->add_option("--config", eval.config,
                        "the TOML file that says the model and the test set; default: the run's");
    judging->add_flag("--json", eval.json);
    judging->callback([this] { chosen = [this] { return peers::eval_command(eval); }; });
    CLI::App* exporting = app.add_subcommand(
        "export", "a checkpoint's parameters by layer name, for other frameworks");
    exporting->add_option("CHECKPOINT", exported)->required();
    exporting->add_option("--to", out, "the safetensors file to write")->required();
    exporting->callback(
        [this] { chosen = [this] { return peers::export_command(exported, out); }; });
  }

  void add_check_and_list(CLI::App& app) {
    CLI::App* check =
        app.add_subcommand("check", "validate a config, print it complete with defaults");
    config.add_to(*check);
    check->callback(
        [this] { chosen = [this] { return with_config(config, peers::check_command); }; });
    CLI::App* list =
        app.add_subcommand("list", "what there is to choose from: " + peers::list_kinds());
    list->add_option("KIND", kind, peers::list_kinds())->required();
    list->add_option("--peers", listed_peers, "topologies: measured among so many; default 8")
        ->check(CLI::Range(1, 100'000));
    list->callback([this] { chosen = [this] { return peers::list_command(kind, listed_peers); }; });
  }

  void add_status_and_stop(CLI::App& app) {
    const auto add_peer_to = [this](CLI::App& command) {
      command
          .add_option("ADDRESS", status.peer.address,
                      "where the peer listens, as it says when it starts; with --key perhaps "
                      "ADDRESS#NAME, for NAME.pub")
          ->required();
      command.add_option("--key", status.peer.key,
                         "security.mode = \"curve\": a secret key that the peer authorizes; its "
                         "own public key, or all that it may have, lie beside it");
    };
    CLI::App* asking = app.add_subcommand(
        "status", "what a running peer sees: members, weight, loss, rates, each of its edges");
    add_peer_to(*asking);
    asking->add_flag("--watch", status.watch, "again every second, until Ctrl-C");
    asking->add_flag("--json", status.json, "an object; with --watch one a line");
    asking->callback([this] { chosen = [this] { return peers::status_command(status); }; });
    CLI::App* stopping =
        app.add_subcommand("stop", "asks a peer to leave as with Ctrl-C, and waits until it has");
    add_peer_to(*stopping);
    stopping->callback([this] { chosen = [this] { return peers::stop_command(status.peer); }; });
  }

  void add_doctor(CLI::App& app) {
    CLI::App* command = app.add_subcommand(
        "doctor", "device, networks, ports, the ways to a peer and back, and what to do next");
    command->add_option("ADDRESS", doctor.peer.address, "of a living peer, as in murmur status");
    command->add_option("--key", doctor.peer.key, "as in murmur status");
    command->add_option("--listen", doctor.listen,
                        "where a peer here would listen, as peer.listen; default: any free ports");
    command->add_flag("--json", doctor.json);
    command->callback([this] { chosen = [this] { return peers::doctor_command(doctor); }; });
  }

  void add_keygen(CLI::App& app) {
    CLI::App* command = app.add_subcommand("keygen", "a CURVE key pair for a peer");
    command->add_option("DIR", key_folder, "where NAME.key (secret) and NAME.pub go")->required();
    command->add_option("--name", key_name, "default: this host's name")
        ->check(CLI::Validator(
            [](const std::string& name) {
              return name.find('/') == std::string::npos && name.front() != '.'
                         ? std::string()
                         : "expected the name of a file";
            },
            ""));
    command->callback(
        [this] { chosen = [this] { return peers::keygen_command(key_folder, key_name); }; });
  }

  void add_bench(CLI::App& app) {
    CLI::App* bench = app.add_subcommand("bench", "figures of this machine");
    bench->require_subcommand(1);
    CLI::App* training = bench->add_subcommand("train", "whole training steps, samples a second");
    training->add_option("--model", train.model, "a name of `murmur list models`, but layers")
        ->capture_default_str();
    training->add_option("--batch", train.batch)
        ->check(CLI::Range(1, 65536))
        ->capture_default_str();
    training->add_option("--threads", train.threads)
        ->check(CLI::Range(1, 1024))
        ->capture_default_str();
    training->add_option("--device", train.device)->capture_default_str();
    training->add_option("--precision", train.precision, "as train.precision")
        ->check(CLI::IsMember({"f32", "tf32", "bf16"}))
        ->capture_default_str();
    training->add_option("--drop-activations", train.drop_activations, "as train.drop_activations")
        ->check(CLI::Range(0.0, 0.999))
        ->capture_default_str();
    training->add_option("--windows", train.windows, "measurements")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    training->add_option("--trace", train.trace,
                         "then writes a Chrome trace of a few steps, layer by layer, to this file");
    training->add_flag("--json", json);
    training->callback(
        [this] { chosen = [this] { return peers::bench_train_command(train, json); }; });
    CLI::App* gossiping =
        bench->add_subcommand("gossip", "parameters pushed, checked and mixed, bytes a second");
    gossiping->add_option("--bytes", gossip.bytes, "of parameters, each peer")
        ->check(CLI::Range(std::size_t{4}, std::size_t{1} << 33U))
        ->capture_default_str();
    gossiping->add_option("--peers", gossip.peers)->check(CLI::Range(2, 64))->capture_default_str();
    gossiping->add_option("--block-bytes", gossip.block_bytes)
        ->check(CLI::Range(std::size_t{4}, std::size_t{1} << 26U))
        ->capture_default_str();
    gossiping->add_option("--codec", gossip.codec, "murmur list codecs")
        ->check(wrong_codec)
        ->capture_default_str();
    gossiping->add_option("--listen", gossip.listen, "tcp://127.0.0.1:0 or ipc://...")
        ->capture_default_str();
    gossiping->add_flag("--curve", gossip.curve,
                        "encrypted; what that costs, beside the same without");
    gossiping->add_option("--windows", gossip.windows, "measurements")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    gossiping->add_flag("--json", json);
    gossiping->callback(
        [this] { chosen = [this] { return peers::bench_gossip_command(gossip, json); }; });
    add_bench_of_memory(*bench);
  }

  void add_bench_of_memory(CLI::App& bench) {
    const auto add_sizes = [this](CLI::App& command, auto& options) {
      command.add_option("--bytes", options.bytes, "of parameters")
          ->check(CLI::Range(std::size_t{4}, std::size_t{1} << 33U))
          ->capture_default_str();
      command.add_option("--block-bytes", options.block_bytes)
          ->check(CLI::Range(std::size_t{4}, std::size_t{1} << 26U))
          ->capture_default_str();
      command.add_option("--windows", options.windows, "measurements")
          ->check(CLI::Range(1, 1000))
          ->capture_default_str();
      command.add_flag("--json", json);
    };
    CLI::App* coding =
        bench.add_subcommand("codec", "numbers encoded and decoded, beside as many copied");
    coding->add_option("--codec", codec.codec, "murmur list codecs")
        ->check(wrong_codec)
        ->capture_default_str();
    add_sizes(*coding, codec);
    coding->callback(
        [this] { chosen = [this] { return peers::bench_codec_command(codec, json); }; });
    CLI::App* mixing = bench.add_subcommand("mix", "arrivals folded in, beside a plain triad");
    add_sizes(*mixing, mix);
    mixing->callback([this] { chosen = [this] { return peers::bench_mix_command(mix, json); }; });
  }
};

}  // namespace

int main(int argc, char** argv) {
  kernels::cpu::wait_briefly(argv);
  runtime::keep_message_memory();
  runtime::flush_denormals();
  CLI::App app(
      "Decentralized training of neural networks: no server, no coordinator, no fixed membership",
      "murmur");
  app.set_version_flag("--version", std::string(peers::kVersion));
  app.require_subcommand(1);
  Commands commands;
  commands.add_launch(app);
  commands.add_peer(app);
  commands.add_simulate(app);
  commands.add_eval_and_export(app);
  commands.add_width_study(app);
  commands.add_check_and_list(app);
  commands.add_status_and_stop(app);
  commands.add_doctor(app);
  commands.add_keygen(app);
  commands.add_bench(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int status = app.exit(error);
    return status == 0 ? 0 : kExitUsage;
  }
  return commands.chosen();
}
