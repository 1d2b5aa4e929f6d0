#pragma once
// What passes between this peer and one other: both edges, and the small messages that wait to be
// said. Part of Exchange.

#include <cstdint>
#include <functional>
#include <memory>
#include <memory_resource>
#include <optional>
#include <set>
#include <vector>

#include "gossip/edge.h"
#include "gossip/notes.h"
#include "gossip/wire.h"
#include "runtime/clock.h"

namespace gossip {

// What this peer says of itself and others.
struct Said {
  Progress progress;
  std::vector<Contact> contacts;  // of the members that it believes alive, itself included
  std::uint64_t roster = 0;       // hash of those members
  Hello hello;                    // of a newcomer, once it is ready
};

class Lane {
 public:
  using Frames = std::vector<runtime::Frame>;

  // More questions and answers than this waiting to be said: the oldest give way.
  static constexpr std::size_t kProbesWaitingMax = 64;
  // The same of what there is to say of views.
  static constexpr std::size_t kViewMessagesWaitingMax = 64;
  // More acknowledgements than this waiting to be said: new ones are dropped, and the parcel's next
  // copy asks for one again.
  static constexpr std::size_t kAcknowledgementsWaitingMax = 4 * kAcknowledgedMax;

  // What all lanes of a peer share, which outlives them.
  struct Memory {
    static constexpr std::size_t kHeadersMax = 64;  // waiting to leave, in a steady run

    HeaderPool headers{kHeadersMax};
    // Of sets and lists; under the caller's lock.
    std::pmr::unsynchronized_pool_resource nodes{
        {.max_blocks_per_chunk = 64, .largest_required_pool_block = 8 * kAcknowledgedMax}};
  };

  Lane(const OutEdge::Options& options, const BlockLayout& layout, Memory& memory)
      : out_(options, layout),
        memory_(&memory),
        acknowledgements_(&memory.nodes),
        arrivals_(&memory.nodes) {}

  [[nodiscard]] OutEdge& out() { return out_; }
  [[nodiscard]] const OutEdge& out() const { return out_; }
  [[nodiscard]] InEdge& in() { return in_; }
  [[nodiscard]] Notes::Versions& told() { return told_; }  // notes that have gone out on it

  // Whether this is the peer we know: the first incarnation heard of. One that starts again gets a
  // lane of its own.
  [[nodiscard]] bool recognises(std::uint64_t incarnation);

  // It has been folded. Said with the sketch of what this peer has pushed by now (null: none is
  // used), where that is new.
  void want_acknowledged(std::uint64_t sequence, const std::shared_ptr<const Sketch>& sketch);
  void want_arrival_known(std::uint64_t sequence);  // ... and is not folded yet
  void want_heartbeat();                            // none after a goodbye
  void want_probe(const Probe& probe);  // with a heartbeat of its own; none after a goodbye
  void want_view(ViewMessage message);  // none after a goodbye
  void want_goodbye();                  // the last thing said
  void want_roster() { roster_next_ = 0; }
  void want_hello() { hello_wanted_ = true; }

  // As Exchange::next and Exchange::sent, on the two channels.
  // `rumours` are asked for if there is anything for them to go along with.
  [[nodiscard]] const Frames* next_control(const Sender& self, const Said& said,
                                           const std::function<std::vector<Rumour>()>& rumours);
  std::size_t control_sent();  // bytes
  [[nodiscard]] const Frames* next_bulk(const Sender& self, runtime::Instant now);
  struct BulkSent {
    std::size_t bytes = 0;
    bool first_time = false;
  };
  BulkSent bulk_sent(runtime::Instant now);

  [[nodiscard]] bool quiet() const;  // nothing in flight, nothing to say

  // The peer is gone: nothing is said any more. What was in flight to it.
  [[nodiscard]] std::vector<Parcel> close();

 private:
  [[nodiscard]] Roster next_roster(const Said& now);
  [[nodiscard]] std::optional<Body> next_body(const Said& now);
  [[nodiscard]] Acknowledgement next_of(std::pmr::set<std::uint64_t>& sequences) const;

  OutEdge out_;
  InEdge in_;
  Notes::Versions told_;
  std::optional<std::uint64_t> incarnation_;
  Memory* memory_;
  std::pmr::set<std::uint64_t> acknowledgements_;
  std::pmr::set<std::uint64_t> arrivals_;      // to be said, of what has not been folded
  std::shared_ptr<const Sketch> sketch_;       // goes with the next acknowledgement ...
  std::shared_ptr<const Sketch> sketch_said_;  // ... unless it has gone
  bool heartbeat_wanted_ = false;
  // To be said, the oldest first. Seldom more than one, so they are no deques, which take half a
  // kilobyte each while empty.
  std::vector<Probe> probes_;
  std::vector<ViewMessage> views_;
  bool hello_wanted_ = false;
  std::optional<std::size_t> roster_next_;  // the first contact not said yet
  bool goodbye_wanted_ = false;
  bool goodbye_said_ = false;
  Frames control_;  // offered; empty: none
  Frames bulk_;     // offered, of the parcel ...
  std::uint64_t bulk_sequence_ = 0;
};

}  // namespace gossip
