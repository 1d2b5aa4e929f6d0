#include "gossip/standing.h"

#include <fmt/format.h>

#include <utility>

#include "runtime/check.h"

namespace gossip {
namespace {

std::size_t index_of(Standing standing) { return static_cast<std::size_t>(standing); }

}  // namespace

std::string_view to_string(Standing standing) {
  switch (standing) {
    case Standing::kFine:
      return "fine";
    case Standing::kStarved:
      return "starved";
    case Standing::kPartitioned:
      return "partitioned";
    case Standing::kAlone:
      return "alone";
    case Standing::kDiverged:
      return "diverged";
  }
  CHECK(false);
}

// One death is a crash, whatever the run; several at once are more likely one cut.
void StandingWatch::died(std::size_t others_left, runtime::Duration span, runtime::Instant now) {
  deaths_.push_back(now);
  while (deaths_.front() + span < now) deaths_.pop_front();
  const std::size_t before = others_left + deaths_.size();
  if (deaths_.size() < 2 || 2 * deaths_.size() < before) return;
  lost_ = deaths_.size();
  lost_from_ = before;
}

void StandingWatch::parcel_came(runtime::Instant now) {
  parcel_at_ = now;
  others_rounds_ = 0;
  own_rounds_ = 0;
}

// Rounds, not time alone: how long is long depends on how fast the others push. And one's own: who
// folds nothing is passed over.
bool StandingWatch::starves(const Sight& sight, runtime::Instant now) {
  if (sight.others == 0 || last_.others == 0) parcel_came(now);  // the wait begins
  // Who came or went brings or takes its rounds.
  if (sight.others == last_.others && sight.others_rounds > last_.others_rounds)
    others_rounds_ += sight.others_rounds - last_.others_rounds;
  if (sight.own_round > last_.own_round) own_rounds_ += sight.own_round - last_.own_round;
  return now - parcel_at_ >= kStarvedAfter && own_rounds_ >= kStarvedRounds &&
         others_rounds_ >= kStarvedRounds * sight.others;
}

Standing StandingWatch::judged(const Sight& sight, runtime::Instant now) {
  const bool starves = this->starves(sight, now);
  last_ = sight;
  had_others_ = had_others_ || sight.others > 0;
  if (lost_from_ && 2 * sight.others > *lost_from_) lost_from_.reset();
  if (diverged_) return Standing::kDiverged;
  if (had_others_ && sight.others == 0) return Standing::kAlone;
  if (lost_from_) return Standing::kPartitioned;
  return starves ? Standing::kStarved : Standing::kFine;
}

bool StandingWatch::look(const Sight& sight, runtime::Instant now) {
  const Standing before = std::exchange(standing_, judged(sight, now));
  if (before == standing_) return false;
  spent_[index_of(before)] += now - since_;
  since_ = now;
  return true;
}

std::string StandingWatch::reason() const {
  switch (standing_) {
    case Standing::kFine:
      return "";
    case Standing::kStarved:
      return fmt::format("no parcel has come while the {} others made {} rounds", last_.others,
                         others_rounds_);
    case Standing::kPartitioned:
      return fmt::format(
          "{} of {} other members were found dead at once: they may go on without this one", lost_,
          lost_from_.value_or(lost_));
    case Standing::kAlone:
      return "no other member is left; training goes on with this peer's data only";
    case Standing::kDiverged:
      return "the loss or a parameter is not finite";
  }
  CHECK(false);
}

double StandingWatch::seconds_in(Standing standing, runtime::Instant now) const {
  runtime::Duration spent = spent_[index_of(standing)];
  if (standing == standing_) spent += now - since_;
  return runtime::to_seconds(spent);
}

}  // namespace gossip
