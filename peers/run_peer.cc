#include "peers/run_peer.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <limits>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "peers/assembly.h"
#include "peers/beacons.h"
#include "peers/checkpoints.h"
#include "peers/config_checks.h"
#include "peers/config_members.h"
#include "peers/core_share.h"
#include "peers/driver.h"
#include "peers/estimate_file.h"
#include "peers/former_self.h"
#include "peers/host_name.h"
#include "peers/join_run.h"
#include "peers/lifeline.h"
#include "peers/recorder.h"
#include "peers/run_folder.h"
#include "peers/seed_addresses.h"
#include "peers/version.h"
#include "runtime/advertise.h"
#include "runtime/cpu_set.h"
#include "runtime/log.h"
#include "runtime/metrics.h"
#include "runtime/peak_memory.h"
#include "runtime/stop_signal.h"
#include "runtime/zmq_transport.h"

namespace peers {
namespace {

constexpr int kExitDone = 0;
constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;
constexpr int kExitInterrupted = 130;

using runtime::Error;
using runtime::Result;
using runtime::Status;

// Chance from the system, not from the run's seed: two peers of one config must differ.
std::uint64_t drawn_id() {
  std::random_device device;
  const std::uint64_t bits = (std::uint64_t{device()} << 32U) | device();
  return bits >> 1U;
}

// A peer without a name is called after its host.
Config named(Config config) {
  if (config.peer.name.empty()) config.peer.name = host_name();
  return config;
}

// Everything of one peer process, in the order in which it comes to be.
class PeerProcess {
 public:
  PeerProcess(const Config& config, const PeerStart& start)
      : config_(named(config)),
        start_(start),
        log_(config_.peer.name),
        stop_(runtime::stop_on_sigint_or_sigterm()),
        started_(clock_.now()) {}

  int run() {
    for (const auto step : {&PeerProcess::open_records, &PeerProcess::open_network,
                            &PeerProcess::open_training, &PeerProcess::meet_members}) {
      if (const Status opened = (this->*step)(); !opened) {
        log_.error("{}", opened.error().message);
        return kExitFailed;
      }
    }
    return stop_.requested() ? kExitInterrupted : train();
  }

 private:
  Status open_records() {
    auto former = FormerSelf::look(config_, log_);
    if (!former) return former.error();
    former_.emplace(std::move(former).value());
    folder_ = former_->folder();
    if (!start_.launched) {
      if (auto opened = log_.also_to((folder_ / "events.log").string()); !opened) return opened;
    }
    if (auto found = former_->find(start_); !found) return found;
    auto metrics = runtime::Metrics::open({.folder = folder_.string(),
                                           .start = started_,
                                           .descriptor = start_.launched ? STDOUT_FILENO : -1},
                                          log_);
    if (!metrics) return metrics.error();
    metrics_ = std::move(metrics).value();
    return {};
  }

  // Which of `listed` is this peer.
  Result<ListedMember> find_self(const std::vector<ListedMember>& listed) const {
    const auto self = std::ranges::find(listed, config_.peer.name, &ListedMember::name);
    if (self != listed.end()) return *self;
    return Error{
        fmt::format("peer.name: '{}' is not one of the members of this run", config_.peer.name)};
  }

  // None without CURVE.
  Result<std::optional<runtime::CurveOptions>> keys_in_use() const {
    std::optional<runtime::CurveOptions> none;
    if (config_.security.mode != "curve") return none;
    auto keys = runtime::read_secret_key(config_.security.key);
    if (!keys) return Error{"security.key: " + keys.error().message};
    return std::optional(runtime::CurveOptions{
        .keys = std::move(keys).value(),
        .authorized = config_.security.authorized,
        .note = [this](const std::string& line) { log_.warn("security: {}", line); }});
  }

  Status open_network() {
    // A launched peer is told its number with its part of the data, a listed one finds it in the
    // list.
    // Anybody else draws one that nobody else will.
    std::optional<runtime::PeerId> fixed;
    if (start_.launched) fixed = runtime::PeerId{config_.data.part};
    self_ = ListedMember{.id = {}, .name = config_.peer.name, .address = {}};
    if (!config_.membership.members.empty()) {
      for (const std::string& line : config_.membership.members) {
        auto member = parse_member(line);
        if (!member) return member.error();
        members_.push_back(std::move(member).value());
      }
      auto self = find_self(members_);
      if (!self) return self.error();
      self_ = *self;
      fixed = self_.id;
    }
    const auto identity = former_->become(fixed, runtime::PeerId{drawn_id()});
    if (!identity) return identity.error();
    self_.id = identity->id;
    self_.incarnation = identity->incarnation;
    auto curve = keys_in_use();
    if (!curve) return curve.error();
    // No more than an honest peer of this run can have to say.
    auto transport =
        runtime::ZmqTransport::open({.self = self_.id,
                                     .listen = config_.peer.listen,
                                     .message_bytes_max = std::max<std::size_t>(
                                         config_.gossip.block_bytes, gossip::kHeaderBytesMax),
                                     .control_bytes_max = gossip::kHeaderBytesMax,
                                     .curve = std::move(curve).value()});
    if (!transport) return transport.error();
    transport_ = std::move(transport).value();
    auto address = runtime::advertised(transport_->address(), config_.peer.advertise);
    if (!address) return address.error();
    self_.address = std::move(address).value();
    if (!start_.launched)
      log_.info("listening at {}; others join with: murmur peer FILE --join {}",
                self_.address.control, self_.address.control);
    return {};
  }

  Status open_training() {
    auto surroundings = open_surroundings(
        config_,
        {.parts = config_.data.parts, .peers_here = start_.launched ? config_.data.parts : 1});
    if (!surroundings) return surroundings.error();
    surroundings_ = std::make_unique<Surroundings>(std::move(surroundings).value());
    if (!surroundings_->notice.empty()) log_.info("{}", surroundings_->notice);
    for (const std::string& warning : warnings_of(config_)) log_.warn("{}", warning);
    std::vector<runtime::PeerId> ids;
    for (std::uint64_t i = 0; start_.launched && i < config_.data.parts; ++i)
      ids.push_back(runtime::PeerId{i});
    for (const ListedMember& member : members_) ids.push_back(member.id);
    if (ids.empty()) ids.push_back(self_.id);
    std::ranges::sort(ids);
    auto assembly = Assembly::create(config_, *surroundings_,
                                     {.index = config_.data.part,
                                      .id = self_.id,
                                      .incarnation = self_.incarnation,
                                      .members = ids,
                                      .name = self_.name,
                                      .address = self_.address},
                                     clock_.now());
    if (!assembly) return assembly.error();
    assembly_ = std::move(assembly).value();
    for (const std::string& note : assembly_->start_notes()) log_.info("{}", note);
    if (auto found = look_for_the_run(); !found) return found;
    if (auto found = look_for_the_former_run(); !found) return found;
    if (stop_.requested()) return {};
    if (auto resumed = former_->go_on(*assembly_, *surroundings_->backend, joins()); !resumed)
      return resumed;
    first_worth_ = assembly_->peer().steps_worth();
    write_start();
    return {};
  }

  // Whether there is a run to get into: at an address that was given, or where a beacon led.
  [[nodiscard]] bool joins() const {
    return !start_.launched && members_.empty() && !begins_again_ &&
           (!config_.peer.join.empty() || found_);
  }

  Status open_beacons() {
    const std::string& control = self_.address.control;
    if (!gossip::is_beacon_address(control))
      return Error{
          fmt::format("membership.discovery: \"beacon\" names an address in numbers, as "
                      "tcp://10.0.0.5:7000, and this peer's is {} (peer.listen, peer.advertise)",
                      control)};
    auto beacons =
        Beacons::open({.self = self_.id,
                       .fingerprint = assembly_->fingerprint(),
                       .address = self_.address,
                       .local_only = runtime::is_local(control)},
                      static_cast<std::uint16_t>(config_.membership.beacon_port), clock_.now());
    if (!beacons) return beacons.error();
    beacons_ = std::move(beacons).value();
    beacons_->discovery().admit_only(transport_->authorized_keys());
    return {};
  }

  // By beacons. Whoever says that a run is there and does not let this peer in keeps it from its
  // own beginning for a while and no longer: where there is one, both meet later.
  Status look_for_the_run() {
    constexpr int kTriesMax = 3;
    if (config_.membership.discovery != "beacon") return {};
    if (const Status opened = open_beacons(); !opened) return opened;
    if (start_.launched || !config_.peer.join.empty()) return {};
    log_.info("looking for peers of this run, by beacons on UDP port {} of {}",
              config_.membership.beacon_port,
              runtime::is_local(self_.address.control) ? "this machine" : "this network");
    for (int tries = 0; tries < kTriesMax && !found_; ++tries) {
      beacons_->discovery().seek_again(clock_.now());
      const gossip::Discovery::State state = beacons_->seek(clock_, stop_);
      if (stop_.requested()) return {};
      if (state == gossip::Discovery::State::kFirst) {
        log_.info("nobody is there: this peer is the first of its run");
        return {};
      }
      auto joined = knock({});
      if (!joined) return joined.error();
      if (stop_.requested()) return {};
      if (!joined->contacts.empty()) found_ = std::move(joined).value();
    }
    if (!found_)
      log_.warn(
          "peers of this run are said to be here, and none has let this one in: it begins a second "
          "run, alone, and both become one as soon as one of them answers; murmur doctor with an "
          "address above says what keeps them apart{}. With peer.join it would wait instead.",
          self_.address.key.empty() ? "" : " (are the keys authorized on both sides?)");
    return {};
  }

  // Who was of the run before may find that all who are left wait like itself. Before its
  // checkpoint is read: who begins takes all of it.
  Status look_for_the_former_run() {
    if (!joins() || found_ || !former_->step()) return {};
    auto joined = knock_at_given();
    if (!joined) return joined.error();
    begins_again_ = joined->begins;
    if (begins_again_)
      log_.warn("all that are heard of this run wait to be let in: this peer begins it again");
    else if (!stop_.requested())
      found_ = std::move(joined).value();
    return {};
  }

  void write_start() {
    metrics_->write(clock_.now(), "start",
                    {{"pid", static_cast<std::int64_t>(::getpid())},
                     {"version", kVersion},
                     {"device", surroundings_->backend->name()},
                     {"precision", kernels::name_of(surroundings_->backend->precision())},
                     {"fingerprint", fmt::format("{:016x}", assembly_->fingerprint())},
                     {"parameters", assembly_->objective().parameter_count()},
                     {"listen", self_.address.control},
                     {"listen_bulk", self_.address.bulk},
                     {"key", self_.address.key},
                     {"incarnation", self_.incarnation},
                     {"resumed_from", former_->resumed_from()},
                     {"step", assembly_->peer().step()},
                     {"partition_hash", fmt::format("{:016x}", surroundings_->partition_hash)},
                     {"device_description", surroundings_->backend->description()}});
  }

  Status meet_members() {
    bool whole = !start_.launched;  // an empty line ends the list; who was killed is not in it
    std::string list;
    for (std::string line; !whole && std::getline(std::cin, line);) {
      whole = line.empty();
      if (whole) break;
      list += line + '\n';
      auto member = parse_member(line);
      if (!member) return member.error();
      members_.push_back(std::move(member).value());
    }
    if (!whole)
      return Error{fmt::format("the launcher named {} of {} members, then was gone",
                               members_.size(), config_.data.parts)};
    // Of launches that live at one time no two have the same addresses. By beacons they become one.
    if (start_.launched && beacons_ == nullptr) transport_->set_launch(runtime::hash_text(list));
    const Status met = joins() ? join() : meet_listed();
    if (met.ok() && beacons_ != nullptr) beacons_->discovery().become_member();
    return met;
  }

  Status meet_listed() {
    std::vector<gossip::Contact> contacts;
    for (const ListedMember& member : members_)
      contacts.push_back({member.id, member.incarnation, member.name, member.address});
    // To those of a list that have trained on, a peer that comes back has to say so.
    assembly_->peer().meet(contacts, !start_.launched && !former_->resumed_from().empty(),
                           clock_.now());
    return {};
  }

  Result<Joined> knock(const std::vector<runtime::Address>& seeds) {
    return join_run({.sender = {self_.id, self_.incarnation, assembly_->fingerprint()},
                     .self = {self_.id, self_.incarnation, self_.name, self_.address},
                     .terms = assembly_->terms(),
                     .seeds = seeds,
                     .begins_at = config_.peer.join.empty() ? std::nullopt : former_->step()},
                    {.layout = &assembly_->layout(),
                     .transport = transport_.get(),
                     .clock = &clock_,
                     .stop = &stop_,
                     .log = &log_,
                     .beacons = beacons_.get()});
  }

  // Into a run that is under way; tried until it succeeds or somebody stops this peer.
  Result<Joined> knock_at_given() {
    log_.info("joining {}", fmt::join(config_.peer.join, ", "));
    const auto seeds = seeds_of(config_.peer.join, transport_->authorized_keys().get());
    if (!seeds) return Error{"peer.join: " + seeds.error().message};
    return knock(*seeds);
  }

  Status join() {
    const auto joined = found_ ? Result<Joined>(*std::exchange(found_, {})) : knock_at_given();
    if (!joined) return joined.error();
    if (stop_.requested()) return {};
    assembly_->peer().join(joined->contacts, joined->estimate(), joined->step, clock_.now());
    log_.info("joined {} peers at step {} in {:.2f} s", joined->contacts.size(), joined->step,
              runtime::to_seconds(clock_.now() - started_));
    first_worth_ = static_cast<double>(joined->step);
    return {};
  }

  [[nodiscard]] std::string name_of(runtime::PeerId id) const {
    const auto member = std::ranges::find(members_, id, &ListedMember::id);
    return member != members_.end() ? member->name : to_string(id);
  }

  int train() {
    std::optional<Lifeline> lifeline;
    if (start_.launched) lifeline.emplace(stop_);
    checkpoints_.emplace(Checkpoints::Parts{.assembly = assembly_.get(),
                                            .backend = surroundings_->backend.get(),
                                            .metrics = metrics_.get(),
                                            .log = &log_,
                                            .clock = &clock_,
                                            .config = &config_,
                                            .folder = folder_,
                                            .identity = {self_.id, self_.incarnation}});
    std::optional<CoreShare> core_share;
    std::vector<unsigned> cores;
    if (config_.peer.threads == 0 && start_.launched)
      cores = runtime::cores_for(config_.data.part, config_.data.parts, runtime::usable_cores());
    else if (config_.peer.threads == 0 && surroundings_->backend->is_host())
      core_share.emplace(*surroundings_->backend, log_, runtime::usable_cores().size());
    Recorder recorder(
        {.assembly = assembly_.get(),
         .metrics = metrics_.get(),
         .log = &log_,
         .clock = &clock_,
         .evaluate_every = config_.train.evaluate_every,
         .name_of = [this](runtime::PeerId id) { return name_of(id); },
         .now_and_then =
             [&](Peer& peer, runtime::Instant now) {
               checkpoints_->save_if_due(peer, now);
               if (core_share) core_share->follow(peer, now);
             },
         .keep_estimate = [this](Peer& peer) { static_cast<void>(keep_estimate(peer)); }},
        clock_.now());
    train_since_ = clock_.now();
    const Ending ending = run_until_done(assembly_->peer(), {.transport = transport_.get(),
                                                             .clock = &clock_,
                                                             .stop = &stop_,
                                                             .observer = &recorder,
                                                             .beacons = beacons_.get(),
                                                             .cores = cores});
    return finish(ending, recorder);
  }

  int finish(Ending ending, Recorder& recorder) {
    Peer& peer = assembly_->peer();
    recorder.write_events(peer, clock_.now());
    recorder.write_progress(peer, clock_.now());
    int status = kExitInterrupted;
    std::string_view reason = "stopped";
    if (ending == Ending::kDiverged) {
      log_.error(
          "diverged at step {}: the loss or a parameter is not finite; try a smaller "
          "policy.learning_rate",
          peer.step());
      status = kExitFailed;
      reason = "diverged";
    }
    bool written = true;
    if (peer.leave_asked()) log_.info("left because somebody asked it to (murmur stop)");
    if (ending == Ending::kDone) {
      recorder.evaluate(peer);
      written = keep_estimate(peer);
    }
    written = checkpoints_->finish_last().ok() && written;
    if (ending == Ending::kDone) {
      status = written ? kExitDone : kExitFailed;
      reason = written ? "done" : "checkpoint not written";
    }
    write_end(reason, recorder);
    say_how_it_stood();
    say_what_it_learned(recorder);
    return status;
  }

  bool keep_estimate(Peer& peer) {
    checkpoints_->begin_last(peer);
    const Status written = write_estimate_file(peer);
    if (!written) log_.error("{}", written.error().message);
    return written.ok();
  }

  Status write_estimate_file(Peer& peer) {
    const runtime::Instant before = clock_.now();
    const std::filesystem::path file = final_estimate_file(folder_);
    std::vector<float> copy;
    std::span<const float> estimate;
    if (surroundings_->backend->is_host()) {
      estimate = peer.estimate().as<float>();
    } else {
      copy.resize(peer.estimate().count());
      surroundings_->backend->download(peer.estimate(), std::span(copy));
      estimate = copy;
    }
    const Status written = write_estimate(file, assembly_->network(), estimate,
                                          {.run = config_.run,
                                           .peer = config_.peer.name,
                                           .step = peer.step(),
                                           .weight = peer.weight()});
    if (!written) return written;
    metrics_->write(clock_.now(), "checkpoint",
                    {{"path", file.string()},
                     {"step", peer.step()},
                     {"bytes", static_cast<std::uint64_t>(std::filesystem::file_size(file))},
                     {"seconds", runtime::to_seconds(clock_.now() - before)}});
    return {};
  }

  // Success must not hide that it is that of one peer, or of a part of them.
  void say_how_it_stood() {
    const gossip::StandingWatch standing = assembly_->peer().standing();
    const runtime::Instant now = clock_.now();
    const double alone = standing.seconds_in(gossip::Standing::kAlone, now);
    const double partitioned = standing.seconds_in(gossip::Standing::kPartitioned, now);
    const double starved = standing.seconds_in(gossip::Standing::kStarved, now);
    if (standing.standing() == gossip::Standing::kAlone)
      log_.warn(
          "ended ALONE: it trained alone for {:.1f} s, and what it ends with has learned from "
          "nobody "
          "else in that time",
          alone);
    else if (alone > 0.0)
      log_.warn("was ALONE for {:.1f} s", alone);
    if (partitioned > 0.0)
      log_.warn("was PARTITIONED from half of the others for {:.1f} s", partitioned);
    if (starved > 0.0) log_.warn("was STARVED of parcels for {:.1f} s", starved);
  }

  void say_what_it_learned(const Recorder& recorder) {
    if (!recorder.last_quality()) return;
    if (const std::string warning = guess_warning(*recorder.last_quality()); !warning.empty())
      log_.warn("{}", warning);
  }

  void write_end(std::string_view reason, const Recorder& recorder) {
    const PeerStatus status = assembly_->peer().status();
    const double worth = status.steps_worth - std::min(first_worth_, status.steps_worth);
    const auto samples = static_cast<std::uint64_t>(
        std::llround(worth * static_cast<double>(assembly_->first_batch())));
    const gossip::NoiseReport noise =
        status.noise.empty() ? gossip::NoiseReport{} : status.noise.front();
    const double seconds = runtime::to_seconds(clock_.now() - train_since_);
    const std::optional<Quality>& quality = recorder.last_quality();
    const gossip::StandingWatch standing = assembly_->peer().standing();
    const auto seconds_in = [&](gossip::Standing of) {
      return standing.seconds_in(of, clock_.now());
    };
    const double missing = std::numeric_limits<double>::quiet_NaN();  // written as null
    const gossip::Discovery::Dropped beacons =
        beacons_ == nullptr ? gossip::Discovery::Dropped{} : beacons_->discovery().dropped();
    metrics_->write(
        clock_.now(), "end",
        {{"reason", reason},
         {"step", status.step},
         {"samples", samples},
         {"test_accuracy", quality ? quality->accuracy : missing},
         {"test_loss", quality ? quality->loss : missing},
         {"weight", status.weight},
         {"weight_in_flight", status.weight_in_flight},
         {"members", status.members},
         {"state", gossip::to_string(status.standing)},
         {"alone_seconds", seconds_in(gossip::Standing::kAlone)},
         {"partitioned_seconds", seconds_in(gossip::Standing::kPartitioned)},
         {"starved_seconds", seconds_in(gossip::Standing::kStarved)},
         {"bytes_sent", status.traffic.bytes_sent},
         {"bytes_received", status.traffic.bytes_received},
         {"parcels_sent", status.traffic.parcels_sent},
         {"parcels_received", status.traffic.parcels_received},
         {"parcels_resent", status.traffic.parcels_resent},
         {"parcels_skipped", status.parcels_skipped},
         {"messages_refused", status.traffic.messages_refused},
         {"parcels_clipped", status.parcels_clipped},
         {"beacons_malformed", beacons.malformed},
         {"beacons_not_believed", beacons.not_believed},
         {"beacons_other_run", beacons.other_run},
         {"blocked_seconds", status.blocked_seconds},
         {"checkpoints_failed", checkpoints_->failed()},
         {"activation_bytes", assembly_->objective().activation_bytes()},
         {"memory_peak_bytes", runtime::peak_memory_bytes()},
         {"batch", status.batch},
         {"noise_scale_local", noise.local > 0.0 ? noise.local : missing},
         {"noise_scale_global", noise.global > 0.0 ? noise.global : missing},
         {"samples_per_second", seconds > 0.0 ? static_cast<double>(samples) / seconds : 0.0}});
  }

  Config config_;
  PeerStart start_;
  runtime::Log log_;
  runtime::StopSignal stop_;
  runtime::WallClock clock_;
  runtime::Instant started_;
  runtime::Instant train_since_{};
  std::filesystem::path folder_;
  std::optional<FormerSelf> former_;
  double first_worth_ = 0.0;  // Peer::steps_worth() when this process began
  std::unique_ptr<runtime::Metrics> metrics_;
  ListedMember self_;
  std::vector<ListedMember> members_;
  std::unique_ptr<runtime::ZmqTransport> transport_;
  std::unique_ptr<Beacons> beacons_;  // none without discovery
  std::optional<Joined> found_;       // before this peer had begun
  bool begins_again_ = false;         // as Joined::begins
  std::unique_ptr<Surroundings> surroundings_;
  std::unique_ptr<Assembly> assembly_;
  std::optional<Checkpoints> checkpoints_;
};

}  // namespace

int run_peer(const Config& config, const PeerStart& start) {
  if (config.security.mode == "curve" && config.security.key.empty()) {
    fmt::print(stderr,
               "murmur: security.key: security.mode = \"curve\" needs this peer's secret key: "
               "murmur keygen DIR writes one\n");
    return kExitUsage;
  }
  return PeerProcess(config, start).run();
}

}  // namespace peers
