// The part of doctor that looks at the ways to a living peer, and back.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "peers/doctor.h"
#include "peers/reach_back.h"
#include "peers/seed_addresses.h"
#include "runtime/advertise.h"
#include "runtime/interfaces.h"
#include "runtime/zmq_caller.h"

namespace peers {
namespace {

using State = Finding::State;
using Reach = runtime::ZmqCaller::Reach;
using Kind = gossip::Inquiry::Kind;
using runtime::Duration;

constexpr std::size_t kQuestions = 5;
constexpr Duration kPatience{2'000'000'000};
constexpr Duration kLookEvery{20'000'000};

// Median of some questions and their answers, the connection being there.
double round_trip_seconds(Inquirer& inquirer) {
  const runtime::WallClock clock;
  std::vector<double> seconds;
  for (std::size_t i = 0; i < kQuestions; ++i) {
    const runtime::Instant begin = clock.now();
    if (!inquirer.ask_for(Kind::kStatus, kPatience)) break;
    seconds.push_back(runtime::to_seconds(clock.now() - begin));
  }
  if (seconds.empty()) return runtime::to_seconds(kPatience);
  std::ranges::sort(seconds);
  return seconds[seconds.size() / 2];
}

Finding describe(const gossip::Message& answer, double seconds) {
  const auto& report = std::get<gossip::Report>(answer.body);
  const std::string name = report.self.name.empty() ? to_string(answer.from.id) : report.self.name;
  const std::string fingerprint = fmt::format("{:016x}", answer.from.fingerprint);
  return {
      .check = "peer",
      .what = fmt::format("{} answers in {:.1f} ms: run {}, {} of {} members living", name,
                          1e3 * seconds, fingerprint, report.members_living, report.members_known),
      .next = "murmur peer FILE --join with this address, FILE being the run's",
      .figures = {{"name", name}, {"fingerprint", fingerprint}, {"round_trip_seconds", seconds}}};
}

// Whether something that speaks as a peer does listens there.
Reach reach_of(const runtime::Address& address, const std::optional<runtime::KeyPair>& keys) {
  auto caller = runtime::ZmqCaller::open(
      {.self = runtime::PeerId{~std::uint64_t{0}}, .candidates = {address}, .keys = keys});
  if (!caller) return Reach::kNobody;
  const runtime::WallClock clock;
  const runtime::Instant begin = clock.now();
  while (clock.now() - begin < kPatience && (*caller)->reach() != Reach::kPeer)
    static_cast<void>((*caller)->receive(kLookEvery));
  return (*caller)->reach();
}

// Members dial what the peer says of itself, which need not be where it was asked.
Finding look_at_lanes(const gossip::Report& report, const std::optional<runtime::KeyPair>& keys) {
  const runtime::Address& said = report.self.address;
  for (const std::string& endpoint : {said.control, said.bulk}) {
    if (reach_of({.control = endpoint, .bulk = "", .key = said.key}, keys) == Reach::kPeer)
      continue;
    return {.check = "way there",
            .state = State::kWrong,
            .what = fmt::format("the peer tells others to dial {}, and from here nobody answers "
                                "there",
                                endpoint),
            .next =
                "let that port through the firewall there; or, where others know that machine "
                "by another address, set peer.advertise there",
            .figures = {{"address", endpoint}, {"reached", false}}};
  }
  return {.check = "way there",
          .what = fmt::format("{} and {} can be dialled from here", said.control, said.bulk),
          .next = "nothing",
          .figures = {{"address", said.control}, {"reached", true}}};
}

std::string listens_towards(const std::string& endpoint, const std::string& wanted) {
  if (!wanted.empty()) return wanted;
  if (runtime::is_local(endpoint)) return "tcp://127.0.0.1:0";
  const auto own = runtime::address_towards(endpoint);
  return fmt::format("tcp://{}:0", own ? *own : "0.0.0.0");
}

Finding look_at_way_back(const ReachBackOptions& options) {
  const auto back = reach_back(options);
  if (!back)
    return {.check = "way back",
            .state = State::kWrong,
            .what = back.error().message,
            .next = "choose another --listen",
            .figures = {{"reached", false}}};
  if (back->reached)
    return {.check = "way back",
            .what = fmt::format("the peer dialled {} and said so, after {:.0f} ms", back->address,
                                1e3 * back->seconds),
            .next = "nothing",
            .figures = {{"address", back->address}, {"reached", true}, {"seconds", back->seconds}}};
  return {.check = "way back",
          .state = State::kWrong,
          .what = fmt::format("the peer was asked to dial {} and did not get there within {:.0f} s",
                              back->address, back->seconds),
          .next =
              "let two fixed ports through the firewall here (peer.listen = "
              "\"tcp://HOST:7000\" takes 7000 and 7001; try again with --listen); behind a "
              "router that translates addresses, forward them and set peer.advertise",
          .figures = {{"address", back->address}, {"reached", false}}};
}

}  // namespace

std::vector<Finding> examine_peer(const DoctorOptions& options, const runtime::StopSignal& stop) {
  const auto nobody = [](const runtime::Error& error) -> std::vector<Finding> {
    return {{.check = "peer",
             .state = State::kWrong,
             .what = error.message,
             .next = "start a peer there or take another's address; from its own machine, murmur "
                     "doctor with the same address tells a firewall from a peer that is not there",
             .figures = {{"answers", false}}}};
  };
  auto inquirer = Inquirer::open(options.peer, stop);
  if (!inquirer) return nobody(inquirer.error());
  const auto answer = inquirer->ask(Kind::kStatus);
  if (!answer) return nobody(answer.error());
  const auto& report = std::get<gossip::Report>(answer->body);

  std::optional<runtime::CurveOptions> curve;
  if (!options.peer.key.empty()) {
    auto keys = runtime::read_secret_key(options.peer.key);
    if (!keys) return nobody(keys.error());
    curve = {.keys = std::move(keys).value(),
             .authorized = std::filesystem::absolute(options.peer.key).parent_path()};
  }
  const std::optional<runtime::KeyPair> keys =
      curve ? std::optional(curve->keys) : std::optional<runtime::KeyPair>();
  const std::string endpoint = parse_seed(options.peer.address).endpoint;
  std::vector<Finding> found{describe(*answer, round_trip_seconds(*inquirer)),
                             look_at_lanes(report, keys)};
  found.push_back(look_at_way_back({.peer = answer->from,
                                    .report = report,
                                    .endpoint = endpoint,
                                    .listen = listens_towards(endpoint, options.listen),
                                    .curve = curve}));
  return found;
}

}  // namespace peers
