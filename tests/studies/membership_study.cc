// One scenario of membership in virtual time, as figures: scripts/membership-study runs it.
//
//   membership_study KEY=NUMBER...
#include <cstdio>
#include <span>
#include <string_view>

#include "tests/support/membership_tally.h"
#include "tests/support/plain_swim.h"
#include "tests/support/study_numbers.h"

namespace {

using runtime::Duration;
using runtime::Instant;
using runtime::PeerId;
using Numbers = test::StudyNumbers;

// What can be said on the command line, and the defaults.
Numbers defaults() {
  return {{"peers", 100},       {"seconds", 60},   {"seed", 1},
          {"loss", 0},      // probability of each message
          {"late", 0.1},    // probability of up to four extra delays
          {"delay_ms", 1},  // one way
          {"interval_ms", 200}, {"multiplier", 7}, {"swim", 0},  // 1: SWIM alone
          {"churn", 0},        // peers that crash a minute, as a share of all; each comes back ...
          {"back_after", 30},  // ... after so many seconds
          {"starved", 0},      // peers that stand still now and then ...
          {"still", 2},     // ... for so many seconds on average, half of it to half as much again
          {"runs", 0.01}};  // ... and run for so long in between
}

template <typename Detector>
class Study {
 public:
  explicit Study(const Numbers& numbers)
      : numbers_(numbers), world_(options_of(numbers)), tally_(world_, starved_of(numbers)) {
    for (const PeerId id : starved_of(numbers)) starve(id);
    if (number("churn") > 0) world_.call_at(next_crash(), [this] { churn(); });
  }

  void run() { world_.run_for(runtime::from_seconds(number("seconds"))); }

  void print() {
    const double peer_seconds = number("peers") * number("seconds");
    std::printf("{");
    for (const auto& [name, value] : numbers_) std::printf("\"%s\": %.17g, ", name.c_str(), value);
    std::printf("\"messages_per_peer_second\": %.6g, \"bytes_per_peer_second\": %.6g, ",
                static_cast<double>(world_.messages()) / peer_seconds,
                static_cast<double>(world_.bytes()) / peer_seconds);
    std::printf("\"wrong_suspicions\": %llu, \"wrong_deaths\": %llu, \"declared\": %llu, ",
                number_of(tally_.wrong_suspicions), number_of(tally_.wrong_deaths),
                number_of(tally_.declared));
    std::printf("\"wrong_deaths_of_healthy\": %llu, \"declared_of_healthy\": %llu, ",
                number_of(tally_.wrong_deaths_of_healthy), number_of(tally_.declared_of_healthy));
    std::printf("\"crashes\": %llu, \"fingerprint\": \"%016llx\", ", number_of(crashes_),
                number_of(world_.fingerprint()));
    print_detections();
    std::printf("}\n");
  }

 private:
  [[nodiscard]] double number(std::string_view name) const { return numbers_.find(name)->second; }
  static unsigned long long number_of(std::uint64_t count) { return count; }

  static test::MembershipWorldOptions options_of(const Numbers& numbers) {
    const auto of = [&](std::string_view name) { return numbers.find(name)->second; };
    return {.peers = static_cast<std::size_t>(of("peers")),
            .link = {.delay = runtime::from_seconds(1e-3 * of("delay_ms")),
                     .loss_probability = of("loss"),
                     .reorder_probability = of("late")},
            .probe_interval = runtime::from_seconds(1e-3 * of("interval_ms")),
            .suspicion_multiplier = of("multiplier"),
            .seed = static_cast<std::uint64_t>(of("seed"))};
  }
  static std::set<PeerId> starved_of(const Numbers& numbers) {
    std::set<PeerId> ids;
    for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(numbers.find("starved")->second); ++i)
      ids.insert(PeerId{i});
    return ids;
  }

  void starve(PeerId id) {
    const double still = number("still") * world_.random().uniform(0.5, 1.5);
    const Duration runs = runtime::from_seconds(number("runs"));
    world_.stand_still(id, runtime::from_seconds(still));
    world_.call_at(world_.now() + runtime::from_seconds(still) + runs, [this, id] { starve(id); });
  }

  // Crashes at random times, at the rate that was asked for.
  Instant next_crash() {
    const double per_second = number("churn") * number("peers") / 60.0;
    return world_.now() +
           runtime::from_seconds(-std::log(1.0 - world_.random().uniform()) / per_second);
  }
  void churn() {
    const std::vector<PeerId> living = world_.living();
    const PeerId victim = living[world_.random().below(living.size())];
    tally_.crashes(victim);
    ++crashes_;
    world_.crash(victim);
    world_.call_at(world_.now() + runtime::from_seconds(number("back_after")),
                   [this, victim] { world_.come_back(victim); });
    world_.call_at(next_crash(), [this] { churn(); });
  }

  void print_detections() const {
    std::vector<double> suspected;
    std::vector<double> known;
    for (const test::Detection& detection : tally_.detections()) {
      suspected.push_back(detection.suspected_seconds);
      if (detection.known_seconds) known.push_back(*detection.known_seconds);
    }
    print_list("suspected_seconds", suspected);
    std::printf(", ");
    print_list("known_seconds", known);
  }
  static void print_list(const char* name, const std::vector<double>& values) {
    std::printf("\"%s\": [", name);
    for (std::size_t i = 0; i < values.size(); ++i)
      std::printf("%s%.6g", i == 0 ? "" : ", ", values[i]);
    std::printf("]");
  }

  Numbers numbers_;
  test::MembershipWorld<Detector> world_;
  test::MembershipTally<Detector> tally_;
  std::uint64_t crashes_ = 0;
};

template <typename Detector>
void measure(const Numbers& numbers) {
  Study<Detector> study(numbers);
  study.run();
  study.print();
}

}  // namespace

int main(int argc, char** argv) {
  Numbers numbers = defaults();
  const std::span arguments(argv, static_cast<std::size_t>(argc));
  if (!test::read_numbers("membership_study", arguments.subspan(1), numbers)) return 2;
  if (numbers["swim"] == 0.0)
    measure<gossip::Membership>(numbers);
  else
    measure<test::PlainSwim>(numbers);
  return 0;
}
