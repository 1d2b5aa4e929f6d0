#include "peers/config_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "gossip/codec.h"
#include "models/layers/parse.h"
#include "peers/config_members.h"
#include "peers/config_policy.h"
#include "peers/config_protocol.h"
#include "peers/config_suggest.h"
#include "peers/config_toml.h"
#include "peers/seed_addresses.h"
#include "peers/topologies.h"
#include "runtime/advertise.h"
#include "runtime/zmq_endpoint.h"

namespace peers {
namespace {

namespace fs = std::filesystem;
using Problems = std::vector<Problem>;

bool is_folder(const std::string& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

bool is_file(const std::string& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

// `reason` says why the file is needed; an empty path is refused only then.
void check_file(Problems& problems, std::string_view key, const std::string& path,
                std::string_view reason) {
  if (path.empty()) {
    if (!reason.empty()) problems.push_back({key, fmt::format("{} needs a file", reason)});
    return;
  }
  if (!is_file(path)) problems.push_back({key, fmt::format("no such file: {}", toml_text(path))});
}

// One folder, not a way through several.
bool is_folder_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." &&
         name.find_first_of(std::string_view("/\0", 2)) == std::string_view::npos;
}

void check_run(const Config& config, Problems& problems) {
  constexpr std::string_view kExpected = "expected the name of a folder, got {}";
  if (!is_folder_name(config.run))
    problems.push_back({"run", fmt::format(kExpected, toml_text(config.run))});
  if (!config.peer.name.empty() && !is_folder_name(config.peer.name))
    problems.push_back({"peer.name", fmt::format(kExpected, toml_text(config.peer.name))});
}

bool is_cuda_device(std::string_view device) {
  constexpr std::string_view kPrefix = "cuda:";
  if (!device.starts_with(kPrefix)) return false;
  device.remove_prefix(kPrefix.size());
  unsigned index = 0;
  const char* const end = device.data() + device.size();
  const auto [stop, problem] = std::from_chars(device.data(), end, index);
  return problem == std::errc{} && stop == end;
}

void check_peer(const PeerConfig& peer, bool curve, Problems& problems) {
  constexpr std::array<std::string_view, 3> kDevices = {"auto", "cpu", "reference"};
  if (std::ranges::find(kDevices, peer.device) == kDevices.end() && !is_cuda_device(peer.device)) {
    problems.push_back(
        {"peer.device", fmt::format("expected auto, cpu, reference or cuda:0, cuda:1, ..., got {}",
                                    toml_text(peer.device))});
  }
  for (const std::string& address : peer.join) {
    if (const auto dialable = runtime::check_dialable(parse_seed(address).endpoint); !dialable)
      problems.push_back({"peer.join", dialable.error().message});
    if (curve || parse_seed(address).name.empty()) continue;
    problems.push_back({"peer.join", fmt::format("{}: #name needs security.mode = \"curve\"",
                                                 toml_text(address))});
  }
  const bool has_scheme = peer.listen.starts_with("tcp://") || peer.listen.starts_with("ipc://");
  if (!has_scheme) {
    problems.push_back({"peer.listen", fmt::format("expected tcp://host:port or ipc://path, got {}",
                                                   toml_text(peer.listen))});
  }
}

// What fits images only, or texts only.
void check_text(const DataConfig& data, Problems& problems) {
  if (data.set != "text") {
    if (data.context != DataConfig{}.context)
      problems.push_back(
          {"data.context", fmt::format("needs data.set = \"text\", got {}", toml_text(data.set))});
    return;
  }
  check_file(problems, "data.path", data.path, "data.set = \"text\"");
  if (data.partition != "iid" && data.partition != "contiguous")
    problems.push_back(
        {"data.partition", fmt::format("a text has no classes to divide by: expected "
                                       "iid or contiguous, got {}",
                                       toml_text(data.partition))});
  if (data.augment) problems.push_back({"data.augment", "is for images; data.set is \"text\""});
}

// Tasks are made of images, and the steps of a task are those of its batches.
void check_tasks(const Config& config, Problems& problems) {
  const DataConfig& data = config.data;
  constexpr std::string_view kKey = "data.tasks";
  if (data.tasks == "none") {
    if (data.task_count != DataConfig{}.task_count)
      problems.push_back({"data.task_count", "needs data.tasks, got \"none\""});
    return;
  }
  if (data.set == "text")
    problems.push_back({kKey, "tasks are made of images; data.set is \"text\""});
  if (data.tasks == "pixel-permutation" && data.augment)
    problems.push_back({"data.augment",
                        "crops images, and with data.tasks = "
                        "\"pixel-permutation\" they are none"});
  if (config.train.batch_policy != "fixed")
    problems.push_back({"train.batch_policy",
                        fmt::format("{} measures one task, and data.tasks = "
                                    "{} are several",
                                    toml_text(config.train.batch_policy), toml_text(data.tasks))});
}

void check_data(const Config& config, Problems& problems) {
  const DataConfig& data = config.data;
  if (data.part >= data.parts) {
    problems.push_back(
        {"data.part",
         fmt::format("expected an integer below data.parts = {}, got {}", data.parts, data.part)});
  }
  if (config.objective.kind != "network") return;
  if (data.limit > 0 && config.train.batch > data.limit) {
    problems.push_back({"train.batch", fmt::format("expected at most data.limit = {}, got {}",
                                                   data.limit, config.train.batch)});
  }
  check_text(data, problems);
  check_tasks(config, problems);
  if (data.set == "glyphs" || data.set == "text") return;
  if (data.path.empty()) {
    problems.push_back({"data.path", fmt::format("data.set = {} needs the folder with the files",
                                                 toml_text(data.set))});
  } else if (!is_folder(data.path)) {
    problems.push_back({"data.path", fmt::format("no such folder: {}", toml_text(data.path))});
  }
}

void check_model(const ModelConfig& model, Problems& problems) {
  check_file(problems, "model.init", model.init, "");
  if (model.kind != "layers") {
    if (!model.layers.empty())
      problems.push_back({"model.layers", fmt::format("needs model.kind = \"layers\", got {}",
                                                      toml_text(model.kind))});
    return;
  }
  if (model.layers.empty())
    problems.push_back({"model.layers", "model.kind = \"layers\" needs at least one"});
  else if (const auto layers = models::parse_layers(model.layers); !layers)
    problems.push_back({"model.layers", layers.error().message});
}

bool codes_differences(const GossipConfig& gossip) {
  return find_protocol(gossip.protocol)->parcels == gossip::ParcelKind::kDifference;
}

// A run of push-sum with a codec that it cannot use would train, and never agree.
void check_codec(const GossipConfig& gossip, Problems& problems) {
  const gossip::ParcelKind parcels = find_protocol(gossip.protocol)->parcels;
  if (parcels != gossip::ParcelKind::kMass && parcels != gossip::ParcelKind::kRequest) return;
  for (const gossip::CodecName& codec : gossip::codec_names()) {
    if (codec.name != gossip.codec || codec.unfit_for_push_sum.empty()) continue;
    problems.push_back(
        {"gossip.codec",
         fmt::format("{} does not go with gossip.protocol = {}: {}", toml_text(gossip.codec),
                     toml_text(gossip.protocol), codec.unfit_for_push_sum)});
  }
}

void check_view(const GossipConfig& gossip, Problems& problems) {
  if (gossip.pace == "sync")
    problems.push_back({"gossip.topology",
                        "\"view\" draws receivers from what each peer alone knows, and with "
                        "gossip.pace = \"sync\" everybody must know who pushes to whom; \"async\" "
                        "and \"bounded\" do without"});
  if (gossip.fanout > gossip.view.neighbours)
    problems.push_back({"gossip.fanout", fmt::format("expected at most gossip.view.neighbours = "
                                                     "{} with gossip.topology = \"view\", got {}",
                                                     gossip.view.neighbours, gossip.fanout)});
}

void check_gossip(const Config& config, Problems& problems) {
  const GossipConfig& gossip = config.gossip;
  check_file(problems, "gossip.topology_file", gossip.topology_file,
             gossip.topology == "file" ? "gossip.topology = \"file\"" : "");
  // What cannot be made is refused where it is made: a file in its words, a name above.
  const auto topology = gossip::make_topology(topology_options(config));
  const auto weighting = gossip::make_weighting(weighting_options(config));
  if (!topology || !weighting) return;
  if ((*topology)->of_view()) check_view(gossip, problems);
  if (codes_differences(gossip) && !(*topology)->constant())
    problems.push_back(
        {"gossip.topology", fmt::format("with gossip.protocol = {} the graph must be "
                                        "the same in every round: expected one matrix",
                                        toml_text(gossip.protocol))});
  const bool averages_in_rounds =
      find_protocol(gossip.protocol)->averages && !(*topology)->constant();
  if (averages_in_rounds && config.policy.schedule == "overlapped")
    problems.push_back(
        {"policy.schedule",
         fmt::format("\"overlapped\" steps on while one push travels, and with gossip.topology = "
                     "{} an average takes several, one after another",
                     toml_text(gossip.topology))});
  if (const runtime::Status fits = (*weighting)->check(**topology); !fits) {
    problems.push_back(
        {"gossip.weighting", fmt::format("{}; gossip.topology is {}", fits.error().message,
                                         toml_text(gossip.topology))});
  }
}

void check_exchange(const Config& config, Problems& problems) {
  const std::size_t before = problems.size();
  check_protocol(config, problems);
  if (problems.size() > before) return;  // the rest would say the same in other words
  check_codec(config.gossip, problems);
  check_gossip(config, problems);
}

// Whoever reaches a peer that checks no keys can train with it.
void check_keys(const SecurityConfig& security, Problems& problems) {
  const bool curve = security.mode == "curve";
  // Who names keys believes that they are used.
  for (const auto& [key, path] : {std::pair("security.key", &security.key),
                                  std::pair("security.authorized", &security.authorized)})
    if (!curve && !path->empty())
      problems.push_back(
          {key, "needs security.mode = \"curve\"; with \"none\" everybody is let in"});
  if (!curve) return;
  check_file(problems, "security.key", security.key, "");
  if (security.authorized.empty()) return;
  if (security.key.empty())
    problems.push_back({"security.authorized", "needs security.key: whose peers these are"});
  if (!is_folder(security.authorized))
    problems.push_back(
        {"security.authorized", fmt::format("no such folder: {}", toml_text(security.authorized))});
}

void check_security(const Config& config, Problems& problems) {
  check_keys(config.security, problems);
  // The others refuse it for reasons of their own.
  constexpr std::string_view kOfWholeEstimates[] = {"push-sum", "d-sgd", "allreduce"};
  const bool whole = std::ranges::find(kOfWholeEstimates, config.gossip.protocol) !=
                     std::ranges::end(kOfWholeEstimates);
  const bool limited = config.security.norm_limit > 0.0;
  const bool clips = config.security.norm_action == "clip";
  if (limited && !clips && whole && config.gossip.pace == "sync")
    problems.push_back(
        {"security.norm_limit",
         "with gossip.pace = \"sync\" peers wait for each other's parcels, and would "
         "for ever for one that is refused; security.norm_action = \"clip\" takes it in part, "
         "and \"async\" and \"bounded\" do not wait"});
  if (clips && !limited)
    problems.push_back({"security.norm_action", "needs a security.norm_limit above 0"});
  if (config.security.mode != "none" || config.security.allow_insecure_lan) return;
  if (runtime::is_local(config.peer.listen)) return;
  problems.push_back(
      {"peer.listen", fmt::format("{} can be reached from other machines, and security.mode = "
                                  "\"none\" checks nobody; among machines that you trust, set "
                                  "security.allow_insecure_lan = true",
                                  toml_text(config.peer.listen))});
}

void check_members(const MembershipConfig& membership, bool curve, Problems& problems) {
  std::set<runtime::PeerId> ids;
  std::set<std::string> addresses;
  for (const std::string& text : membership.members) {
    const runtime::Result<ListedMember> member = parse_member(text);
    if (!member) {
      problems.push_back({"membership.members", member.error().message});
      continue;
    }
    if (!ids.insert(member->id).second)
      problems.push_back(
          {"membership.members", runtime::to_string(member->id) + " is there twice"});
    if (curve && member->address.key.empty())
      problems.push_back({"membership.members",
                          fmt::format("{}: security.mode = \"curve\" needs its public key as "
                                      "a fifth word",
                                      toml_text(text))});
    for (const std::string& address : {member->address.control, member->address.bulk}) {
      if (!addresses.insert(address).second)
        problems.push_back({"membership.members", address + " is there twice"});
    }
  }
}

// Whom a beacon finds it asks to be let in.
void check_discovery(const Config& config, Problems& problems) {
  if (config.membership.discovery == "none") return;
  const auto refuse = [&problems](std::string_view why) {
    problems.push_back(
        {"membership.discovery", fmt::format("\"beacon\" finds a run to join, and {}", why)});
  };
  if (config.gossip.pace == "sync" || config.gossip.topology == "file")
    refuse("with gossip.pace = \"sync\" or a topology file nobody can");
  if (!config.membership.members.empty()) refuse("membership.members is a list of all there are");
}

void check_objective(const Config& config, Problems& problems) {
  const ObjectiveConfig& objective = config.objective;
  if (objective.kind == "network") {
    if (config.simulate.precision == "f64")
      problems.push_back(
          {"simulate.precision",
           "\"f64\" needs objective.kind = \"quadratic\" or \"logistic\": networks train in f32"});
    return;
  }
  if (objective.kind == "quadratic")
    check_file(problems, "objective.centers", objective.centers, "objective.kind = \"quadratic\"");
  check_file(problems, "objective.curvature", objective.curvature, "");
  check_file(problems, "objective.points", objective.points, "");
  check_file(problems, "objective.start", objective.start, "");
  if (config.train.precision != "f32")
    problems.push_back({"train.precision", "a " + objective.kind +
                                               " objective has no layers to compute in " +
                                               toml_text(config.train.precision)});
}

void check_fault(const FaultConfig& fault, const SimulateConfig& simulate, Problems& problems) {
  constexpr std::string_view kKey = "simulate.faults";
  constexpr std::array<std::string_view, 9> kKinds = {"crash", "leave", "restart", "join", "freeze",
                                                      "thaw",  "cut",   "mute",    "heal"};
  if (std::ranges::find(kKinds, fault.kind) == kKinds.end()) {
    const std::string_view meant = nearest(fault.kind, kKinds);
    const std::string hint = meant.empty() ? "" : fmt::format("; did you mean \"{}\"?", meant);
    problems.push_back({kKey, fmt::format("kind: expected one of {}, got {}{}",
                                          fmt::join(kKinds, ", "), toml_text(fault.kind), hint)});
  }
  if (fault.peers.empty()) problems.push_back({kKey, "expected at least one peer in peers"});
  for (const std::uint64_t peer : fault.peers) {
    if (peer < simulate.peers) continue;
    problems.push_back({kKey, fmt::format("expected peers below simulate.peers = {}, got {}",
                                          simulate.peers, peer)});
  }
}

// A newcomer of a simulation comes once, and is not there before.
void check_joins(const Config& config, Problems& problems) {
  constexpr std::string_view kKey = "simulate.faults";
  std::map<std::uint64_t, double> joins;
  for (const FaultConfig& fault : config.simulate.faults)
    for (const std::uint64_t peer : fault.peers)
      if (fault.kind == "join" && !joins.emplace(peer, fault.at).second)
        problems.push_back({kKey, fmt::format("peer {} joins twice", peer)});
  if (joins.empty()) return;
  if (config.gossip.pace == "sync" || config.gossip.topology == "file")
    problems.push_back({kKey,
                        "kind \"join\": with gossip.pace = \"sync\" or a topology file the "
                        "list of members is fixed"});
  if (joins.size() >= config.simulate.peers)
    problems.push_back({kKey, "kind \"join\": at least one peer has to be there from the start"});
  for (const FaultConfig& fault : config.simulate.faults) {
    if (fault.kind == "cut" || fault.kind == "mute" || fault.kind == "heal") continue;
    for (const std::uint64_t peer : fault.peers)
      if (joins.contains(peer) && fault.at < joins.at(peer))
        problems.push_back({kKey, fmt::format("kind {}: peer {} joins at {} only",
                                              toml_text(fault.kind), peer, joins.at(peer))});
  }
}

// By which simulated peers restart.
void check_simulated_list(const Config& config, Problems& problems) {
  const std::vector<std::string>& lines = config.membership.members;
  std::set<std::uint64_t> ids;
  for (const std::string& line : lines)
    if (const auto member = parse_member(line)) ids.insert(runtime::value_of(member->id));
  if (lines.empty() || (ids.size() == config.simulate.peers && *ids.rbegin() + 1 == ids.size()))
    return;
  problems.push_back(
      {"membership.members",
       fmt::format("where simulated peers restart: expected peers 0 to {}, each on a line",
                   config.simulate.peers - 1)});
}

// Whoever starts again has ended before. Where nobody can join, all do it together.
void check_restarts(const Config& config, Problems& problems) {
  constexpr std::string_view kKey = "simulate.faults";
  std::vector<FaultConfig> faults = config.simulate.faults;
  std::ranges::stable_sort(faults, {}, &FaultConfig::at);
  const bool fixed = config.gossip.pace == "sync" || config.gossip.topology == "file";
  std::set<std::uint64_t> ended;
  for (const FaultConfig& fault : faults) {
    if (fault.kind == "crash" || fault.kind == "leave")
      ended.insert(fault.peers.begin(), fault.peers.end());
    if (fault.kind != "restart") continue;
    for (const std::uint64_t peer : fault.peers)
      if (ended.erase(peer) == 0)
        problems.push_back({kKey, fmt::format("kind \"restart\": peer {} has neither crashed nor "
                                              "left by {}",
                                              peer, fault.at)});
    if (fixed && fault.peers.size() < config.simulate.peers)
      problems.push_back({kKey,
                          "kind \"restart\": with gossip.pace = \"sync\" or a topology file the "
                          "list of members is fixed: all start again together or nobody"});
    if (config.checkpoint.resume.ends_with(".safetensors"))
      problems.push_back(
          {"checkpoint.resume", "expected none or auto where simulated peers restart"});
    if (config.gossip.pace == "sync" && !config.membership.members.empty())
      problems.push_back({kKey,
                          "kind \"restart\": by membership.members each begins at its own round, "
                          "and with gossip.pace = \"sync\" all have to begin at one"});
    check_simulated_list(config, problems);
  }
}

void check_simulate(const SimulateConfig& simulate, Problems& problems) {
  if (simulate.rounds.has_value() && simulate.seconds.has_value())
    problems.push_back({"simulate.seconds", "expected either rounds or seconds, got both"});
  for (const FaultConfig& fault : simulate.faults) check_fault(fault, simulate, problems);
}

void check_checkpoint(const CheckpointConfig& checkpoint, Problems& problems) {
  constexpr std::array<std::string_view, 2> kWords = {"none", "auto"};
  const std::string& resume = checkpoint.resume;
  if (std::ranges::find(kWords, resume) != kWords.end() || resume.ends_with(".safetensors")) return;
  const std::string_view meant = nearest(resume, kWords);
  const std::string hint = meant.empty() ? "" : fmt::format("; did you mean \"{}\"?", meant);
  problems.push_back(
      {"checkpoint.resume", fmt::format("expected none, auto or a file .safetensors, got {}{}",
                                        toml_text(resume), hint)});
}

}  // namespace

std::vector<Problem> check_config(const Config& config) {
  Problems problems;
  check_run(config, problems);
  check_peer(config.peer, config.security.mode == "curve", problems);
  check_security(config, problems);
  check_data(config, problems);
  check_model(config.model, problems);
  check_file(problems, "policy.plugin", config.policy.plugin, "");
  check_policy(config, problems);
  check_exchange(config, problems);
  check_members(config.membership, config.security.mode == "curve", problems);
  check_discovery(config, problems);
  check_objective(config, problems);
  check_simulate(config.simulate, problems);
  check_joins(config, problems);
  check_restarts(config, problems);
  check_checkpoint(config.checkpoint, problems);
  return problems;
}

std::vector<std::string> warnings_of(const Config& config) {
  std::vector<std::string> warnings;
  for (const gossip::CodecName& codec : gossip::codec_names()) {
    const double damping = config.gossip.damping;
    if (codec.name != config.gossip.codec || codes_differences(config.gossip)) continue;
    if (damping >= codec.damping_min && damping <= codec.damping_max) continue;
    warnings.push_back(
        fmt::format("gossip.damping: {} is outside of {} to {}, where damping pays with codec {}: "
                    "estimates come to rest further apart",
                    damping, codec.damping_min, codec.damping_max, toml_text(codec.name)));
  }
  const double stable = stable_damping(config.gossip);
  if (codes_differences(config.gossip) && config.gossip.damping > 2.0 * stable)
    warnings.push_back(
        fmt::format("gossip.damping: {} is more than twice {}, which is stable with codec {}: "
                    "estimates may move apart for ever",
                    config.gossip.damping, stable, toml_text(config.gossip.codec)));
  return warnings;
}

}  // namespace peers
