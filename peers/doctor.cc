#include "peers/doctor.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "peers/host_name.h"
#include "peers/version.h"

namespace peers {
namespace {

using Json = nlohmann::ordered_json;
using State = Finding::State;

constexpr int kExitInterrupted = 130;

Json to_json(const Finding& finding) {
  Json object{{"check", finding.check}, {"state", to_string(finding.state)}};
  for (const auto& [name, figure] : finding.figures)
    std::visit([&object, key = std::string(name)](const auto& value) { object[key] = value; },
               figure);
  object["what"] = finding.what;
  object["next"] = finding.next;
  return object;
}

void print_json(const std::vector<Finding>& findings, bool fine) {
  Json all = Json::array();
  for (const Finding& finding : findings) all.push_back(to_json(finding));
  const Json report{{"version", kVersion}, {"host", host_name()}, {"ok", fine}, {"findings", all}};
  fmt::print("{}\n", report.dump(2));
}

void print_text(const std::vector<Finding>& findings, bool fine) {
  fmt::print("murmur {} on {}\n", kVersion, host_name());
  for (const Finding& finding : findings)
    fmt::print("{:<5}  {:<9}  {}\n{:<18}next: {}\n", to_string(finding.state), finding.check,
               finding.what, "", finding.next);
  fmt::print("{}\n", fine ? "nothing wrong" : "something is wrong: see above");
}

}  // namespace

std::string_view to_string(Finding::State state) {
  switch (state) {
    case State::kOk:
      return "ok";
    case State::kNote:
      return "note";
    case State::kWrong:
      return "wrong";
  }
  return "";
}

int doctor_command(const DoctorOptions& options) {
  const runtime::StopSignal stop = runtime::stop_on_sigint_or_sigterm();
  std::vector<Finding> findings = examine_machine(options);
  if (!options.peer.address.empty())
    for (Finding& finding : examine_peer(options, stop)) findings.push_back(std::move(finding));
  if (stop.requested()) return kExitInterrupted;
  const bool fine = std::ranges::none_of(
      findings, [](const Finding& finding) { return finding.state == State::kWrong; });
  if (options.json)
    print_json(findings, fine);
  else
    print_text(findings, fine);
  return fine ? 0 : 1;
}

}  // namespace peers
