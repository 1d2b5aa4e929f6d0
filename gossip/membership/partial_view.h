#pragma once
// Whom a peer gossips with where the run is too large to gossip with all: a few neighbours, each of
// whom holds this peer for one too, and some others to take one from when a neighbour is lost.
// HyParView (Leitao, Pereira and Rodrigues 2007) with three additions. Who loses its place to
// another asks that for one, so that an edge becomes a path and no part of the overlay falls off.
// Neighbours say now and then that they are there, so that what was lost on the way is mended and
// silence is noticed. And now and then a peer takes a new neighbour for an old one, so that
// overlays which were apart grow together once anybody in one hears of somebody in the other.
//
// A pure state machine: messages and time come in as arguments, messages go out as values.

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "gossip/membership/view_message.h"
#include "runtime/clock.h"
#include "runtime/peer_id.h"
#include "runtime/random.h"

namespace gossip {

struct PartialViewOptions {
  runtime::PeerId self{};
  std::size_t neighbours_max = 5;  // HyParView's active view; above about log10 of the peers
  std::size_t others_max = 30;     // its passive view
  std::uint8_t join_hops = 6;      // of news of a newcomer; who hears it last takes it
  std::uint8_t note_hops = 3;      // so many before that it is noted among the others
  runtime::Duration interval{1'000'000'000};     // between two signs of life
  runtime::Duration silence_max{3'500'000'000};  // a neighbour not heard of so long is lost
  runtime::Duration shuffle_interval{5'000'000'000};
  // One in so many shuffles takes a new neighbour for an old one. Zero: none.
  std::uint64_t shuffles_per_swap = 12;
  std::uint64_t seed = 0;
};

class PartialView {
 public:
  PartialView(const PartialViewOptions& options, runtime::Instant now);

  // Through any peer of the overlay. It may be gone, or its answer lost: while at_a_loss(), again.
  void join(runtime::PeerId contact);
  [[nodiscard]] bool lonely() const { return neighbours_.empty(); }
  // There is room for neighbours, and nobody known to ask.
  [[nodiscard]] bool at_a_loss() const { return has_room() && others_.empty(); }

  // Facts from elsewhere: `peer` exists; it is gone, dead or not to be reached.
  void heard_of(runtime::PeerId peer);
  void lost(runtime::PeerId peer);

  void hear(runtime::PeerId from, const ViewMessage& message, runtime::Instant now);
  void tick(runtime::Instant now);
  [[nodiscard]] runtime::Instant next_tick() const { return tick_at_; }
  [[nodiscard]] std::vector<ViewPost> take_posts() { return std::exchange(posts_, {}); }

  // The neighbours and self, sorted; at most neighbours_max + 1.
  [[nodiscard]] std::span<const runtime::PeerId> circle() const { return circle_; }
  [[nodiscard]] bool is_neighbour(runtime::PeerId peer) const { return neighbours_.contains(peer); }
  [[nodiscard]] std::size_t neighbour_count() const { return neighbours_.size(); }
  // Others that it knows, none of them a neighbour; in no order.
  [[nodiscard]] std::span<const runtime::PeerId> others() const { return others_; }

 private:
  using Peers = std::vector<runtime::PeerId>;

  void post(runtime::PeerId to, ViewMessage message) { posts_.push_back({to, std::move(message)}); }
  void hear_join(runtime::PeerId newcomer, runtime::Instant now);
  void hear_forward_join(runtime::PeerId from, const ViewMessage& message, runtime::Instant now);
  void hear_neighbour(runtime::PeerId from, bool urgent, runtime::Instant now);
  void hear_accept(runtime::PeerId from, runtime::Instant now);
  void hear_here(runtime::PeerId from, runtime::Instant now);
  void hear_disconnect(runtime::PeerId from, runtime::PeerId successor, runtime::Instant now);
  void hear_shuffle(runtime::PeerId from, const ViewMessage& message);

  void take(runtime::PeerId peer, runtime::Instant now);  // as a neighbour; one makes room
  // It is a neighbour, and is told so: in favour of `successor`, or of nobody (self).
  void drop(runtime::PeerId peer, runtime::PeerId successor);
  void forget_neighbour(runtime::PeerId peer);
  void ask(runtime::PeerId peer, bool urgent, runtime::Instant now);
  void note(runtime::PeerId peer, std::span<const runtime::PeerId> given_away = {});
  void follow_neighbours();  // after they have changed

  void excuse_after_gap(runtime::Instant now);
  void drop_silent(runtime::Instant now);
  void fill_up(runtime::Instant now);
  void swap_one(runtime::Instant now);
  void shuffle(runtime::Instant now);

  [[nodiscard]] bool has_room() const { return neighbours_.size() < options_.neighbours_max; }
  // A neighbour that is neither of these; self: there is none.
  [[nodiscard]] runtime::PeerId any_neighbour_but(runtime::PeerId one, runtime::PeerId other);
  [[nodiscard]] Peers some_of(Peers peers, std::size_t count);  // drawn

  PartialViewOptions options_;
  runtime::Random random_;
  std::map<runtime::PeerId, runtime::Instant> neighbours_;  // when each was heard of
  Peers others_;
  Peers circle_;
  // To be a neighbour; until then. At most as many as both views hold.
  std::map<runtime::PeerId, runtime::Instant> asked_;
  Peers given_away_;  // with the last shuffle: the first to give way to what comes back
  std::vector<ViewPost> posts_;
  runtime::Instant tick_at_;
  runtime::Instant ticked_at_;
  runtime::Instant shuffle_at_;
  std::uint64_t shuffles_ = 0;
};

}  // namespace gossip
