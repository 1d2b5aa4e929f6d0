#pragma once
// How a peer stands among the others: what a person has to hear of, loudly. A pure state machine;
// whoever owns the members tells it what it needs.

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/clock.h"

namespace gossip {

// In order of gravity; the gravest holds.
enum class Standing : std::uint8_t {
  kFine,
  kStarved,      // others live and push, and no parcel has come for long
  kPartitioned,  // half of the others or more were found dead at once: they may go on without us
  kAlone,        // there were others, and none is left
  kDiverged,     // a loss or a parameter is not finite
};
inline constexpr std::size_t kStandingCount = 5;
[[nodiscard]] std::string_view to_string(Standing standing);  // "alone"

class StandingWatch {
 public:
  // No parcel for so long, while this peer and each of the others, on average, made so many rounds.
  static constexpr runtime::Duration kStarvedAfter{5'000'000'000};
  static constexpr std::uint64_t kStarvedRounds = 20;

  explicit StandingWatch(runtime::Instant now) : since_(now), parcel_at_(now) {}

  // Another member was found dead; so many others are left. Deaths within `span` are "at once".
  void died(std::size_t others_left, runtime::Duration span, runtime::Instant now);
  void parcel_came(runtime::Instant now);
  void diverged() { diverged_ = true; }

  struct Sight {
    std::size_t others = 0;           // living members but this peer
    std::uint64_t others_rounds = 0;  // that they are known to have made, all together
    std::uint64_t own_round = 0;
  };
  // Looks again, every now and then. True: the standing is another one now.
  bool look(const Sight& sight, runtime::Instant now);

  [[nodiscard]] Standing standing() const { return standing_; }
  [[nodiscard]] std::string reason() const;  // of a standing that is not fine, for a person
  // Spent in it so far, the time since the last look included.
  [[nodiscard]] double seconds_in(Standing standing, runtime::Instant now) const;

 private:
  [[nodiscard]] bool starves(const Sight& sight, runtime::Instant now);
  [[nodiscard]] Standing judged(const Sight& sight, runtime::Instant now);

  Standing standing_ = Standing::kFine;
  runtime::Instant since_;
  std::array<runtime::Duration, kStandingCount> spent_{};  // before since_
  bool diverged_ = false;
  bool had_others_ = false;
  std::deque<runtime::Instant> deaths_;   // within a span
  std::size_t lost_ = 0;                  // of so many others ...
  std::optional<std::size_t> lost_from_;  // ... until more than half of these live
  runtime::Instant parcel_at_;            // the last one; then
  Sight last_;                            // at the last look
  std::uint64_t others_rounds_ = 0;       // since that parcel ...
  std::uint64_t own_rounds_ = 0;          // ... and one's own
};

}  // namespace gossip
