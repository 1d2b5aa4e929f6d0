// The part of Exchange that keeps to a view of the members, where the run asks for one. Who is
// alive is found out among all as ever; the view says whom this peer pushes to.
#include <algorithm>
#include <utility>

#include "gossip/exchange.h"

namespace gossip {
namespace {

constexpr runtime::Duration kJoinInterval{1'000'000'000};

}  // namespace

// Whoever keeps to no view is nobody's neighbour: it does not answer.
void Exchange::hear(const Sender& from, const ViewMessage& message, runtime::Instant now) {
  if (!view_) return;
  view_->hear(from.id, message, now);
  say_of_view();
}

void Exchange::keep_view(runtime::Instant now) {
  if (view_->lonely() && now >= join_view_at_) {
    join_view_at_ = now + kJoinInterval;
    join_view();
  }
  if (now >= view_->next_tick()) {
    // One of all members, drawn, among those that the view may turn to: views that were cut apart
    // grow together again once the members know of each other.
    const auto living = members().living();
    view_->heard_of(living[random_.below(living.size())]);
    view_->tick(now);
  }
  say_of_view();
}

// All may begin at once, and each joins through one peer. Through any, that would make several
// overlays; through one with a lower number it makes a tree.
void Exchange::join_view() {
  const auto living = members().living();
  const auto lower =
      static_cast<std::size_t>(std::ranges::lower_bound(living, options_.self.id) - living.begin());
  const std::size_t contacts = lower > 0 ? lower : living.size();
  view_->join(living[random_.below(contacts)]);  // it knows itself
}

void Exchange::say_of_view() {
  for (ViewPost& post : view_->take_posts()) {
    if (is_living(post.to))
      talk(post.to).want_view(std::move(post.message));
    else
      view_->lost(post.to);  // dead, or not heard of yet
  }
}

}  // namespace gossip
