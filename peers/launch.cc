#include "peers/launch.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): POSIX's, for kill

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "peers/assembly.h"
#include "peers/child_process.h"
#include "peers/config_members.h"
#include "peers/estimate_file.h"
#include "peers/launch_names.h"
#include "peers/launch_resume.h"
#include "peers/live_table.h"
#include "peers/run_folder.h"
#include "peers/summary.h"
#include "runtime/stop_signal.h"
#include "runtime/zmq_keys.h"

namespace peers {
namespace {

using Json = nlohmann::json;

constexpr int kExitInterrupted = 130;
constexpr int kSignalBase = 128;  // what a shell adds to the signal that ended a process
constexpr int kPollMilliseconds = 100;
constexpr runtime::Duration kLeaveMax{
    2'400'000'000};  // peers get so long to leave before they are ended

struct Launched {
  ChildProcess process;
  ListedMember member;
  PeerRow row;
  PeerSummary summary;
  std::string ending;          // the reason of its end record ...
  double alone_seconds = 0.0;  // ... and how long it was alone, if it was at its end
};

class Launcher {
 public:
  Launcher(const Config& config, const LaunchOptions& options)
      : config_(config),
        options_(options),
        stop_(runtime::stop_on_sigint_or_sigterm()),
        started_(clock_.now()),
        table_(fmt::format("{}: {} peers", config.run, options.peers), started_) {}

  int run() {
    if (const runtime::Status spawned = spawn_all(); !spawned) {
      fmt::print(stderr, "murmur: {}\n", spawned.error().message);
      return 1;
    }
    while (!all_ended()) {
      wait_for_output();
      take_in();
      introduce();
      table_.draw(rows(), clock_.now());
      if (stop_.requested()) stop_all();
    }
    take_in();
    table_.draw(rows(), clock_.now(), true);
    tell_failures();
    tell_who_was_left();
    if (failed_to_start_) return 1;
    return stop_.requested() ? kExitInterrupted : conclude();
  }

 private:
  // Where the keys of this run are, when nobody brought one: all peers' side by side, so that it
  // is the folder of those that are let in, too.
  [[nodiscard]] std::filesystem::path key_folder() const { return run_folder(config_) / "keys"; }
  [[nodiscard]] bool makes_keys() const {
    return config_.security.mode == "curve" && config_.security.key.empty();
  }

  runtime::Status make_keys() {
    std::error_code failure;
    std::filesystem::remove_all(key_folder(), failure);
    for (std::size_t i = 0; i < options_.peers; ++i) {
      auto written =
          runtime::write_keys(key_folder(), fmt::format("p{}", i), runtime::generate_keys());
      if (!written) return written;
    }
    return {};
  }

  runtime::Status spawn_all() {
    if (makes_keys())
      if (auto made = make_keys(); !made) return made;
    const auto resume = resume_arguments(config_, options_.peers, runtime::Log("launch"));
    for (std::size_t i = 0; i < options_.peers; ++i) {
      Config mine = config_;
      mine.peer.name = launched_name(i);
      const std::filesystem::path folder = peer_folder(mine);
      if (auto made = make_peer_folder(folder); !made) return made;
      std::vector<std::string> arguments = arguments_of(i, mine.peer);
      arguments.insert(arguments.end(), resume[i].begin(), resume[i].end());
      auto child = ChildProcess::start({options_.program, arguments, folder / "events.log"});
      if (!child) return child.error();
      Launched launched{.process = std::move(child).value(),
                        .member = {},
                        .row = {},
                        .summary = {},
                        .ending = {},
                        .alone_seconds = 0.0};
      launched.member = {.id = runtime::PeerId{i}, .name = mine.peer.name, .address = {}};
      launched.row.name = mine.peer.name;
      launched.summary.name = mine.peer.name;
      launched.summary.pid = launched.process.pid();
      peers_.push_back(std::move(launched));
    }
    return {};
  }

  [[nodiscard]] std::vector<std::string> arguments_of(std::size_t index,
                                                      const PeerConfig& peer) const {
    std::vector<std::string> arguments{"peer", options_.file.string(), "--launched"};
    const auto set = [&arguments](std::string assignment) {
      arguments.insert(arguments.end(), {"--set", std::move(assignment)});
    };
    for (const std::string& assignment : options_.overrides) set(assignment);
    set("peer.name=" + peer.name);
    set(fmt::format("data.part={}", index));
    set(fmt::format("data.parts={}", options_.peers));
    // One path cannot serve two peers; a tcp port that was asked for is refused to the second by
    // the system.
    if (peer.listen.starts_with("ipc://")) set("peer.listen=" + peer.listen + "." + peer.name);
    if (makes_keys()) {
      const std::filesystem::path folder = std::filesystem::absolute(key_folder());
      set(fmt::format("security.key={}", (folder / (peer.name + ".key")).string()));
      set(fmt::format("security.authorized={}", folder.string()));
    }
    return arguments;
  }

  void wait_for_output() {
    std::vector<pollfd> ends;
    for (const Launched& peer : peers_) {
      if (peer.process.output() >= 0) ends.push_back({peer.process.output(), POLLIN, 0});
    }
    if (!stop_.requested()) ends.push_back({stop_.descriptor(), POLLIN, 0});
    ::poll(ends.data(), ends.size(), kPollMilliseconds);
  }

  void take_in() {
    for (Launched& peer : peers_) {
      for (const std::string& line : peer.process.read_lines()) {
        const Json record = Json::parse(line, nullptr, false);
        if (record.is_object() && record.contains("event")) note(peer, record);
      }
      if (const auto status = peer.process.exit_status()) {
        peer.summary.exit = *status;
        peer.row.state = state_after(*status);
        peer.row.samples_per_second = 0.0;
      }
    }
  }

  static std::string state_after(int status) {
    if (status == 0) return "done";
    if (status == kExitInterrupted) return "left";
    return fmt::format("{} ({})", status > kSignalBase ? "killed" : "ended", status);
  }

  static double number(const Json& record, const char* key) {
    const auto found = record.find(key);
    return found != record.end() && found->is_number() ? found->get<double>() : 0.0;
  }
  static std::uint64_t count(const Json& record, const char* key) {
    return static_cast<std::uint64_t>(number(record, key));
  }

  static void note(Launched& peer, const Json& record) {
    const std::string event = record.value("event", "");
    if (event == "start") {
      peer.member.address = {record.value("listen", ""), record.value("listen_bulk", ""),
                             record.value("key", "")};
      peer.summary.device = record.value("device", "");
      peer.summary.precision = record.value("precision", "");
      peer.member.incarnation = record.value("incarnation", std::uint64_t{1});
      peer.row.state = "ready";
    } else if (event == "progress") {
      peer.row.state = "training";
      const std::string standing = record.value("state", "fine");
      peer.row.loud = standing == "fine" ? "" : standing;
      peer.row.epoch = number(record, "epoch");
      peer.row.step = count(record, "step");
      peer.row.loss = number(record, "loss");
      peer.row.weight = number(record, "weight");
      peer.row.samples_per_second = number(record, "samples_per_second");
    } else if (event == "evaluate") {
      peer.row.accuracy = number(record, "test_accuracy");
    } else if (event == "end") {
      note_end(peer, record);
    }
  }

  static void note_end(Launched& peer, const Json& record) {
    PeerSummary& summary = peer.summary;
    peer.ending = record.value("reason", "");
    peer.row.loud.clear();
    if (record.value("state", "") == "alone") peer.alone_seconds = number(record, "alone_seconds");
    summary.steps = count(record, "step");
    summary.samples = count(record, "samples");
    if (record.contains("test_accuracy") && record["test_accuracy"].is_number()) {
      summary.quality = Quality{number(record, "test_loss"), number(record, "test_accuracy")};
    }
    summary.weight = number(record, "weight");
    summary.weight_in_flight = number(record, "weight_in_flight");
    summary.bytes_sent = count(record, "bytes_sent");
    summary.bytes_received = count(record, "bytes_received");
    summary.parcels_sent = count(record, "parcels_sent");
    summary.parcels_received = count(record, "parcels_received");
    summary.samples_per_second = number(record, "samples_per_second");
    summary.batch = count(record, "batch");
    summary.noise_local = number(record, "noise_scale_local");
    summary.noise_global = number(record, "noise_scale_global");
  }

  // Once all listen, everybody is told where. A peer that was killed before costs the others
  // nothing, as later; one that could not start ends the run: on a silent subset it would pass for
  // what was asked.
  void introduce() {
    if (introduced_) return;
    const auto waiting = [](Launched& peer) {
      return peer.member.address.control.empty() && !peer.process.exit_status();
    };
    if (std::ranges::any_of(peers_, waiting)) return;
    introduced_ = true;
    const auto could_not_start = [](Launched& peer) {
      return peer.process.exit_status().value_or(kSignalBase + SIGKILL) < kSignalBase + SIGKILL &&
             peer.member.address.control.empty();
    };
    if (std::ranges::any_of(peers_, could_not_start)) {
      stop_.request();
      failed_to_start_ = true;
      return;
    }
    std::string list;
    for (const Launched& peer : peers_)
      if (!peer.member.address.control.empty()) list += to_string(peer.member) + "\n";
    for (Launched& peer : peers_) static_cast<void>(peer.process.write(list + "\n"));
  }

  void stop_all() {
    const runtime::Instant now = clock_.now();
    if (!stopping_since_) {
      stopping_since_ = now;
      for (Launched& peer : peers_) peer.process.send_signal(SIGTERM);
    }
    if (now - *stopping_since_ < kLeaveMax) return;
    for (Launched& peer : peers_) peer.process.send_signal(SIGKILL);
  }

  bool all_ended() {
    return std::ranges::all_of(
        peers_, [](Launched& peer) { return peer.process.exit_status().has_value(); });
  }

  [[nodiscard]] std::vector<PeerRow> rows() const {
    std::vector<PeerRow> rows;
    for (const Launched& peer : peers_) rows.push_back(peer.row);
    return rows;
  }

  static std::string_view verdict(int status) {
    if (status == kExitInterrupted) return "was asked to leave, and did";
    return status > kSignalBase ? "was killed" : "failed";
  }

  void tell_failures() {
    for (Launched& peer : peers_) {
      const int status = peer.process.exit_status().value_or(0);
      if (status == 0 || (stop_.requested() && status == kExitInterrupted)) continue;
      Config mine = config_;
      mine.peer.name = peer.row.name;
      const std::filesystem::path log = peer_folder(mine) / "events.log";
      fmt::print(stderr, "murmur: {} {} (status {}); its log is {}\n", peer.row.name,
                 verdict(status), status, log.string());
      if (status != kExitInterrupted) print_tail(log);
    }
  }

  // Success must not hide that it is that of one peer.
  void tell_who_was_left() const {
    for (const Launched& peer : peers_)
      if (peer.alone_seconds > 0.0)
        fmt::print(
            stderr,
            "murmur: {} ended ALONE: no other peer was left, and it trained alone for {:.1f} "
            "s\n",
            peer.row.name, peer.alone_seconds);
  }

  static void print_tail(const std::filesystem::path& log) {
    constexpr std::size_t kLines = 8;  // a refusal may have several
    std::ifstream in(log);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) {
      lines.push_back(line);
      if (lines.size() > kLines) lines.erase(lines.begin());
    }
    for (const std::string& line : lines) fmt::print(stderr, "    {}\n", line);
  }

  // The quality of what all say together, the summary, and the exit status.
  int conclude() {
    std::vector<PeerSummary> peers;
    for (const Launched& peer : peers_) peers.push_back(peer.summary);
    const double seconds = runtime::to_seconds(clock_.now() - started_);
    RunSummary summary = add_up(config_.run, seconds, std::move(peers));
    if (const runtime::Status judged = judge_average(summary); !judged) {
      fmt::print(stderr, "murmur: {}\n", judged.error().message);
      return 1;
    }
    const std::filesystem::path file = run_folder(config_) / "summary.json";
    if (const runtime::Status written = write_summary(summary, file); !written) {
      fmt::print(stderr, "murmur: {}\n", written.error().message);
      return 1;
    }
    fmt::print("{}", options_.json ? to_json_text(summary) : to_text(summary));
    if (!options_.json) fmt::print("summary: {}\n", file.string());
    return exit_status(summary);
  }

  runtime::Status judge_average(RunSummary& summary) {
    auto surroundings = open_surroundings(config_, {.parts = options_.peers, .peers_here = 1});
    if (!surroundings) return surroundings.error();
    std::vector<runtime::PeerId> members;
    for (const Launched& peer : peers_) members.push_back(peer.member.id);
    auto assembly = Assembly::create(
        config_, *surroundings,
        {.index = 0, .id = members.front(), .members = members, .virtual_time = true}, {});
    if (!assembly) return assembly.error();
    for (PeerSummary& peer : summary.peers) {
      if (peer.exit != 0) continue;
      Config mine = config_;
      mine.peer.name = peer.name;
      auto estimate = read_estimate(final_estimate_file(peer_folder(mine)), (*assembly)->network(),
                                    (*assembly)->objective().parameter_count());
      if (!estimate) return estimate.error();
      peer.estimate = std::move(estimate).value();
    }
    summary.consensus_distance = consensus_distance(summary.peers);
    (*assembly)->objective().judge_last_task();
    summary.average = evaluate_average(summary, (*assembly)->objective(), *surroundings->backend);
    return {};
  }

  [[nodiscard]] static int exit_status(const RunSummary& summary) {
    const auto done = std::ranges::count(summary.peers, 0, &PeerSummary::exit);
    const bool failed = std::ranges::any_of(summary.peers, [](const PeerSummary& peer) {
      return peer.exit > 0 && peer.exit < kSignalBase;
    });
    return done == 0 || failed ? 1 : 0;
  }

  const Config& config_;
  const LaunchOptions& options_;
  runtime::StopSignal stop_;
  runtime::WallClock clock_;
  runtime::Instant started_;
  LiveTable table_;
  std::vector<Launched> peers_;
  bool introduced_ = false;
  bool failed_to_start_ = false;
  std::optional<runtime::Instant> stopping_since_;
};

}  // namespace

int launch(const Config& config, const LaunchOptions& options) {
  if (const std::string lack = precision_lack(config); !lack.empty())
    fmt::print(stderr, "murmur: {}\n", lack);
  return Launcher(config, options).run();
}

}  // namespace peers
