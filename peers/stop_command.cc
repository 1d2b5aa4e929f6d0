// What `murmur stop` does.
#include <fmt/format.h>

#include <cstdio>

#include "peers/inquiry_commands.h"

namespace peers {
namespace {

using Kind = gossip::Inquiry::Kind;

constexpr int kExitFailed = 1;
constexpr int kExitInterrupted = 130;
constexpr runtime::Duration kLookEvery{300'000'000};
// A peer says nothing between its goodbye and its end, while it writes its last files.
constexpr runtime::Duration kSilenceMax{60'000'000'000};

int fail(const std::string& message) {
  fmt::print(stderr, "murmur: {}\n", message);
  return kExitFailed;
}

}  // namespace

int stop_command(const InquiryOptions& peer) {
  const runtime::StopSignal stop = runtime::stop_on_sigint_or_sigterm();
  const runtime::WallClock clock;
  auto inquirer = Inquirer::open(peer, stop);
  if (!inquirer) return fail(inquirer.error().message);
  const auto answer = inquirer->ask(Kind::kLeave);
  if (stop.requested()) return kExitInterrupted;
  if (!answer) return fail(answer.error().message);
  fmt::print(stderr, "{} is leaving\n", peer.address);
  runtime::Instant heard_at = clock.now();
  while (!stop.requested()) {
    const auto still = inquirer->ask_for(Kind::kStatus, kLookEvery);
    // Who keeps it running has started it again: the one that was asked is gone all the same.
    const bool another = still && still->from.incarnation != answer->from.incarnation;
    if (another || (!still && inquirer->lost())) {
      fmt::print("{} has left\n", peer.address);
      return 0;
    }
    if (still) heard_at = clock.now();
    if (clock.now() - heard_at > kSilenceMax)
      return fail(
          fmt::format("{} said that it leaves, and is silent, but still there after {:.0f} s",
                      peer.address, runtime::to_seconds(kSilenceMax)));
  }
  return kExitInterrupted;
}

}  // namespace peers
