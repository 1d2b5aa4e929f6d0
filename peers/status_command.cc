// What `murmur status` says.
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "peers/batch_advice.h"
#include "peers/inquirer.h"
#include "peers/inquiry_commands.h"
#include "peers/report_json.h"

namespace peers {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kExitInterrupted = 130;
constexpr int kWatchMilliseconds = 1000;

int fail(const runtime::Error& error) {
  fmt::print(stderr, "murmur: {}\n", error.message);
  return 1;
}

std::string name_of(const std::string& name, runtime::PeerId id) {
  return name.empty() ? runtime::to_string(id) : name;
}

std::string_view state_of(const gossip::MemberReport& member) {
  const bool answers = member.state == gossip::MemberState::kAlive;
  return answers && member.frozen ? "frozen" : gossip::to_string(member.state);
}

std::string loud(gossip::Standing standing) {
  if (standing == gossip::Standing::kFine) return "";
  return fmt::format(" -- {} --", gossip::to_string(standing));
}

// Of the run's terms.
std::string term(const gossip::Report& report, std::string_view key) {
  const std::string line = fmt::format("{} = ", key);
  const std::size_t at = report.terms.find(line);
  if (at == std::string::npos) return "";
  const std::size_t begin = at + line.size();
  return report.terms.substr(begin, report.terms.find('\n', begin) - begin);
}

Json to_json(const gossip::MemberReport& member) {
  Json json = {{"name", name_of(member.name, member.id)},
               {"state", state_of(member)},
               {"incarnation", member.incarnation},
               {"phase", gossip::to_string(member.progress.phase)},
               {"step", member.progress.step},
               {"round", member.progress.round},
               {"step_seconds", json_number(member.progress.step_seconds)},
               {"silent_seconds", json_number(member.silent_seconds)}};
  json.update(peers::to_json(member.edge));
  return json;
}

Json to_json(const gossip::Message& answer) {
  const auto& report = std::get<gossip::Report>(answer.body);
  Json members = Json::array();
  for (const gossip::MemberReport& member : report.members) members.push_back(to_json(member));
  return {{"name", name_of(report.self.name, report.self.id)},
          {"run", term(report, "run")},
          {"fingerprint", fmt::format("{:016x}", answer.from.fingerprint)},
          {"incarnation", answer.from.incarnation},
          {"phase", gossip::to_string(report.progress.phase)},
          {"leaving", report.leaving},
          {"state", gossip::to_string(report.standing)},
          {"step", report.progress.step},
          {"steps", report.steps},
          {"round", report.progress.round},
          {"step_seconds", json_number(report.progress.step_seconds)},
          {"epoch", json_number(report.epoch)},
          {"loss", json_number(report.loss)},
          {"learning_rate", json_number(report.learning_rate)},
          {"samples_per_second", json_number(report.samples_per_second)},
          {"precision", report.precision},
          {"batch", report.batch},
          {"noise", peers::to_json(report.noise)},
          {"weight", json_number(report.weight)},
          {"weight_in_flight", json_number(report.weight_in_flight)},
          {"blocked_seconds", json_number(report.blocked_seconds)},
          {"age_rounds_p50", json_number(report.age_rounds_p50)},
          {"age_rounds_p99", json_number(report.age_rounds_p99)},
          {"parcels_skipped", report.parcels_skipped},
          {"messages_refused", report.messages_refused},
          {"parcels_clipped", report.parcels_clipped},
          {"members_living", report.members_living},
          {"members_known", report.members_known},
          {"members", members}};
}

std::string to_text(const gossip::MemberReport& member) {
  const gossip::EdgeReport& edge = member.edge;
  return fmt::format(
      "{:<14} {:<8} {:<9} {:>8} {:>9.1f} {:>8.1f} {:>8.2f} {:>8.2f} {:>7} {:>5.0f} {:>5.0f} "
      "{:>8.1f} {:>8.1f} {:>7} {:>7}\n",
      name_of(member.name, member.id), state_of(member), gossip::to_string(member.progress.phase),
      member.progress.step, 1e3 * member.progress.step_seconds, member.silent_seconds,
      1e-6 * edge.bytes_sent_per_second, 1e-6 * edge.bytes_received_per_second,
      edge.parcels_in_flight, edge.age_rounds_p50, edge.age_rounds_p99,
      1e3 * edge.round_trip_seconds_p50, 1e3 * edge.round_trip_seconds_p99, edge.refused,
      edge.clipped);
}

// How large batches are worth it, then by groups of layers.
std::string noise_text(const gossip::Report& report) {
  if (report.noise.empty()) return "";
  const gossip::NoiseReport& all = report.noise.front();
  const double batch = static_cast<double>(report.batch * report.members_living);
  const std::string advice = batch_advice({all.local, all.global, batch});
  if (advice.empty()) return "";
  std::string text = advice + "\n";
  for (const gossip::NoiseReport& group : report.noise) {
    if (&group == &all) continue;
    text += fmt::format("{}{} {:.0f}", text.ends_with('\n') ? "  " : ", ", group.group,
                        group.global > 0.0 ? group.global : group.local);
  }
  return text + "\n";
}

std::string to_text(const gossip::Message& answer) {
  const auto& report = std::get<gossip::Report>(answer.body);
  std::string text = fmt::format(
      "{} of run {} ({:016x}), {}{}{}\n"
      "step {} of {}, epoch {:.2f}, loss {:.4f}, learning rate {:.3g}, {:.0f} samples/s, {}\n"
      "weight {:.3f}, in flight {:.3f}; blocked {:.1f} s; parcels skipped {}, age {:.0f} rounds, "
      "99 % at most {:.0f}; messages refused {}, parcels clipped {}\n"
      "members living {} of {} known, this one included\n",
      name_of(report.self.name, report.self.id), term(report, "run"), answer.from.fingerprint,
      gossip::to_string(report.progress.phase), report.leaving ? ", leaving" : "",
      loud(report.standing), report.progress.step, report.steps, report.epoch, report.loss,
      report.learning_rate, report.samples_per_second, report.precision, report.weight,
      report.weight_in_flight, report.blocked_seconds, report.parcels_skipped,
      report.age_rounds_p50, report.age_rounds_p99, report.messages_refused, report.parcels_clipped,
      report.members_living, report.members_known);
  text += noise_text(report);
  if (report.members.empty()) return text;
  text += fmt::format(
      "\n{:<14} {:<8} {:<9} {:>8} {:>9} {:>8} {:>8} {:>8} {:>7} {:>11} {:>17} {:>7} {:>7}\n",
      "member", "state", "phase", "step", "ms a step", "silent s", "MB/s out", "MB/s in", "flying",
      "age 50 99 %", "round trip ms", "refused", "clipped");
  for (const gossip::MemberReport& member : report.members) text += to_text(member);
  if (report.members_known > report.members.size() + 1)
    text += fmt::format("and {} more\n", report.members_known - report.members.size() - 1);
  return text;
}

void print(const gossip::Message& answer, const StatusOptions& options) {
  if (options.json) {
    fmt::print("{}\n", to_json(answer).dump(options.watch ? -1 : 2));
  } else {
    const bool redraw = options.watch && ::isatty(STDOUT_FILENO) == 1;
    fmt::print("{}{}{}", redraw ? "\x1b[H\x1b[J" : "", to_text(answer),
               options.watch && !redraw ? "\n" : "");
  }
  std::fflush(stdout);
}

}  // namespace

int status_command(const StatusOptions& options) {
  const runtime::StopSignal stop = runtime::stop_on_sigint_or_sigterm();
  auto inquirer = Inquirer::open(options.peer, stop);
  if (!inquirer) return fail(inquirer.error());
  while (true) {
    const auto answer = inquirer->ask(gossip::Inquiry::Kind::kStatus);
    if (stop.requested()) return kExitInterrupted;
    if (!answer) return fail(answer.error());
    print(*answer, options);
    if (!options.watch) return 0;
    pollfd stopped{.fd = stop.descriptor(), .events = POLLIN, .revents = 0};
    static_cast<void>(::poll(&stopped, 1, kWatchMilliseconds));
  }
}

}  // namespace peers
