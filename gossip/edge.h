#pragma once
// Exactly-once delivery of mass from one peer to another over a network that loses, repeats and
// reorders. The sender numbers parcels and keeps each until it is acknowledged; the receiver drops
// what it has seen.

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <set>
#include <vector>

#include "gossip/parcel.h"
#include "runtime/clock.h"

namespace gossip {

// The sender's end. A parcel kept here is a reference to a snapshot, not a copy; it is kept until
// it has arrived. The push that it was cut from takes up room until the receiver has folded it.
class OutEdge {
 public:
  struct Options {
    // Not folded yet. Full: the caller does not push here and keeps the mass.
    std::size_t pushes_in_flight_max = 2;
    runtime::Duration resend_after{
        1'000'000'000};  // first; doubles with each attempt up to resend_after_max
    runtime::Duration resend_after_max{8'000'000'000};
  };
  OutEdge(const Options& options, const BlockLayout& layout);

  [[nodiscard]] bool has_room(runtime::Instant now) const;
  // Cuts the push into parcels and numbers them; none is sent again before `wait` has passed. Also
  // beyond has_room(), which is the caller's to ask: what is left by a peer that goes must not
  // wait.
  void push(const Push& push, runtime::Instant now, runtime::Duration wait = {});

  // The parcel to put on the wire next (never sent, or sent long enough ago), oldest first, if any.
  // It stays the next one until sent() is called or it is acknowledged. The pointer is good until
  // the edge changes.
  [[nodiscard]] const Parcel* next(runtime::Instant now);
  [[nodiscard]] bool repeats();     // whether what next() has offered was sent before
  bool sent(runtime::Instant now);  // next() must have offered one. True: for the first time

  // Forgets the parcel: the receiver has it. Empty for a number that is not in flight (an old
  // acknowledgement).
  struct Acknowledged {
    std::uint64_t round = 0;     // the parcel's
    bool whole_push = false;     // it was the last one of its push
    runtime::Instant sent_at{};  // for the first time
    bool repeated = false;
  };
  std::optional<Acknowledged> arrived(std::uint64_t sequence, runtime::Instant now);
  std::optional<Acknowledged> acknowledge(std::uint64_t sequence);  // folded, too

  // From now on every wait is the first: there is little left to send, and it is waited for.
  void hurry();

  // The receiver is gone: everything in flight, oldest first, to be folded back by the caller. The
  // edge is empty then.
  [[nodiscard]] std::vector<Parcel> take_back();

  [[nodiscard]] std::size_t in_flight() const;                     // parcels
  void add_rounds_to(std::pmr::set<std::uint64_t>& rounds) const;  // of what is in flight
  struct Oldest {
    std::uint64_t round = 0;
    runtime::Instant pushed_at{};
  };
  [[nodiscard]] std::optional<Oldest> oldest() const;  // in flight; empty: nothing is
  [[nodiscard]] double mass_in_flight() const;         // push-sum weight, summed over blocks
  // When the first parcel comes due again, of those that are not due at `after`. Empty: none does.
  [[nodiscard]] std::optional<runtime::Instant> resend_at(runtime::Instant after) const;

 private:
  struct Flight {
    Parcel parcel;
    std::uint64_t push_index = 0;  // which push() it was cut from, ...
    runtime::Instant pushed_at{};  // ... when
    std::uint64_t times_sent = 0;
    runtime::Instant sent_at{};  // for the first time
    runtime::Instant due{};      // once sent: when to send it again ...
    runtime::Duration wait{};    // ... and how long to wait after that
  };
  using Flights = std::vector<Flight>;  // few at a time, and most edges have none
  struct Unfolded {                     // a parcel that has arrived
    std::uint64_t sequence = 0;
    std::uint64_t push_index = 0;
  };
  struct OpenPush {
    std::uint64_t index = 0;
    std::size_t parcels = 0;  // not folded yet
    // Once all have arrived. Word of their folding may be lost.
    runtime::Instant until = runtime::Instant::max();
  };
  [[nodiscard]] Flights::iterator find(std::uint64_t sequence);  // end(): not in flight
  [[nodiscard]] Flight& offered();                               // by next(); there must be one
  [[nodiscard]] std::optional<std::uint64_t> first_due(runtime::Instant now);
  [[nodiscard]] Acknowledged land(Flights::iterator flight);
  void fold(std::uint64_t push_index);  // a parcel of it
  void close(std::uint64_t push_index);
  void close_overdue(runtime::Instant now);  // pushes that are no longer waited for

  Options options_;
  const BlockLayout* layout_;
  Flights flights_;  // in order of sequence
  std::vector<Unfolded> unfolded_;
  std::vector<OpenPush> pushes_;                            // that take up room
  std::optional<std::uint64_t> offered_;                    // by next(), and not yet sent
  runtime::Instant resend_from_ = runtime::Instant::max();  // nothing is due again before
  std::uint64_t next_sequence_ = 0;
  std::uint64_t next_push_ = 0;
};

// The receiver's end: which numbers have come. Bounded: a number too far ahead of the oldest
// missing one is refused, since an honest sender never has so many in flight.
class InEdge {
 public:
  static constexpr std::uint64_t kWindow = 1U << 16U;
  enum class Verdict : std::uint8_t { kNew, kSeen, kOutOfWindow };

  // Books `sequence` of this incarnation of the sender. A newer incarnation starts over; an older
  // one has kSeen for all.
  [[nodiscard]] Verdict book(std::uint64_t incarnation, std::uint64_t sequence);
  [[nodiscard]] bool has_seen(std::uint64_t incarnation, std::uint64_t sequence) const;

 private:
  std::uint64_t incarnation_ = 0;
  std::uint64_t oldest_missing_ = 0;
  std::set<std::uint64_t> seen_above_;  // booked numbers beyond oldest_missing_
};

}  // namespace gossip
