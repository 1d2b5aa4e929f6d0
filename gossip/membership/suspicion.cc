#include "gossip/membership/suspicion.h"

#include <algorithm>
#include <cmath>

namespace gossip {
namespace {

// A suspicion that nobody confirms lasts so many times as long as one that all confirm.
constexpr double kMaxOverMin = 1.5;

}  // namespace

SuspicionSpan suspicion_span(std::size_t members, runtime::Duration probe_interval,
                             double multiplier) {
  const double scale =
      multiplier * std::max(1.0, std::log10(std::max(1.0, static_cast<double>(members))));
  const double min = runtime::to_seconds(probe_interval) * scale;
  return {runtime::from_seconds(min), runtime::from_seconds(kMaxOverMin * min)};
}

runtime::Duration suspicion_lasts(std::size_t confirmations, std::size_t looked_for,
                                  const SuspicionSpan& span) {
  if (looked_for == 0) return span.max;
  const double fraction = std::log(static_cast<double>(confirmations) + 1.0) /
                          std::log(static_cast<double>(looked_for) + 1.0);
  const double max = runtime::to_seconds(span.max);
  const double lasts = max - fraction * (max - runtime::to_seconds(span.min));
  return std::max(span.min, runtime::from_seconds(lasts));
}

runtime::Duration ask_interval(std::size_t members, runtime::Duration probe_interval,
                               const SuspicionSpan& span) {
  constexpr int kAskingAtOnce = 8;  // members that ask a suspect in one interval
  constexpr int kTimes = 3;
  const runtime::Duration shared_out =
      probe_interval * static_cast<runtime::Duration::rep>(members) / kAskingAtOnce;
  return std::max(probe_interval, std::min(shared_out, span.min / kTimes));
}

Suspicion::Suspicion(runtime::PeerId from, std::size_t others, const SuspicionSpan& span,
                     runtime::Duration ask_every, runtime::Instant now)
    : from_{from},
      looked_for_(std::min(kConfirmations, others)),
      span_(span),
      since_(now),
      ask_every_(ask_every),
      ask_at_(now) {}

bool Suspicion::confirm(runtime::PeerId from) {
  if (from_.size() > looked_for_ || std::ranges::count(from_, from) > 0) return false;
  from_.push_back(from);
  return true;
}

bool Suspicion::asks(runtime::Instant now) {
  if (now < ask_at_) return false;
  ask_at_ = now + ask_every_;
  return true;
}

runtime::Instant Suspicion::ends_at() const {
  return since_ + suspicion_lasts(from_.size() - 1, looked_for_, span_);
}

}  // namespace gossip
