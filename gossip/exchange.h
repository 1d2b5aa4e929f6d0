#pragma once
// One peer's end of the gossip, assembled: edges out, edges in, inbox, members. A pure state
// machine: messages and time come in as arguments, messages go out as values. The caller's lock
// covers every call where two threads share it.

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <memory_resource>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "gossip/clipping.h"
#include "gossip/distances.h"
#include "gossip/edge.h"
#include "gossip/edge_figures.h"
#include "gossip/guests.h"
#include "gossip/inbox.h"
#include "gossip/lane.h"
#include "gossip/membership/membership.h"
#include "gossip/membership/partial_view.h"
#include "gossip/norm_limit.h"
#include "gossip/notes.h"
#include "gossip/push_window.h"
#include "gossip/rate_limit.h"
#include "gossip/requests.h"
#include "gossip/resend_timer.h"
#include "gossip/shut_out.h"
#include "gossip/standing.h"
#include "gossip/strangers.h"
#include "gossip/wire.h"
#include "runtime/authorized_keys.h"
#include "runtime/clock.h"
#include "runtime/random.h"
#include "runtime/transport.h"

namespace gossip {

// When a parcel is acknowledged.
enum class Acknowledge : std::uint8_t {
  kArrived,
  // When it has come, so that its sender can forget it, and once more when the trainer has folded
  // it: until then there is no room for another push. A peer whose trainer stands still gets one
  // from each of the others, and not all that the run has into an inbox that nobody empties.
  kFolded,
  // When this peer has pushed in the parcel's round, too. The sketch that goes with the
  // acknowledgement is then that of the same round, whatever the network did.
  kPushed,
};

struct ExchangeOptions {
  Sender self;
  Contact contact{};    // of this peer, for rosters
  std::string terms{};  // of the run, for newcomers: a "key = value" a line
  bool admits = false;  // whether newcomers may join
  // A message finds its way by the number of who it is for (virtual time): members are told of
  // without an address too.
  bool reached_by_number = false;
  std::uint64_t offences_max = 0;                // ShutOut
  std::uint64_t messages_max = 0;                // RateLimit
  double norm_limit = 0.0;                       // NormLimit, Clipping
  NormAction norm_action = NormAction::kRefuse;  // kRefuse: decode() then has to measure parcels
  Inbox::Order order = Inbox::Order::kOnArrival;
  OutEdge::Options edge{};
  // Two edges that nobody empties do not stop the others, and what is kept does not grow with N.
  std::size_t rounds_in_flight_max = 5;
  // Pushes overlap where a copy of the model is no larger. Else one is under way at a time, but for
  // receivers that are slow (PushWindow), and one on an edge (kByRound: as edge says).
  std::size_t overlap_bytes_max = std::size_t{4} << 20U;
  const Decoder* decoder = nullptr;  // of the run's codec, for what is taken back; none: f32
  Acknowledge acknowledge = Acknowledge::kArrived;
  MakeMemory make_memory = allocate_aligned;  // for the inbox; any thread
  bool keep_heard = false;  // the last parcel of each block from each peer, for heard()
  // Between two probes of other members. Zero: none, and nobody is taken for dead.
  runtime::Duration probe_interval{200'000'000};
  double suspicion_multiplier = 7.0;
  std::uint64_t seed = 0;  // of whom to probe when
  // This peer keeps to a view of the members; its self and seed are filled in. Empty: to all.
  std::optional<PartialViewOptions> view{};
  std::uint64_t heartbeat_rounds = 0;  // everybody is told of so many rounds more; 0: no
  // For whoever looks on: rates and quantiles for member_reports(), a few KiB a member; this
  // peer's standing; and who is frozen.
  bool watched = false;
  // Who answers and does not come further for so long, and fifty of its steps, is frozen. Zero:
  // that cannot be told, since peers wait for each other.
  runtime::Duration frozen_after{0};
};

// What happened that a person or a record should hear of. Drained with take_events().
struct MemberEvent {
  runtime::PeerId peer{};
  std::string name = {};          // empty: not known
  std::uint64_t incarnation = 0;  // 0: not known
  MemberState state = MemberState::kAlive;
  std::string reason = {};       // for a person
  double mass_taken_back = 0.0;  // push-sum weight, summed over blocks
};
struct StandingEvent {
  Standing standing{};
  std::string reason = {};      // for a person; empty: fine again
  Standing before{};            // which lasted ...
  double before_seconds = 0.0;  // ... in all, so far
};
// A member that answers does not train on, or does again.
struct FrozenEvent {
  runtime::PeerId peer{};
  std::string name = {};  // empty: not known
  bool frozen = false;
  std::uint64_t step = 0;  // that it has come to
};
struct RefusalEvent {
  runtime::PeerId peer{};
  Refusal reason{};
  std::uint64_t count = 0;  // so far, of this peer and reason; an event comes at 1, 2, 4, 8, ...
};
// A parcel was taken in part: Clipping.
struct ClipEvent {
  runtime::PeerId peer{};
  std::uint64_t count = 0;  // so far, of this peer; an event comes at 1, 2, 4, 8, ...
};
using Event = std::variant<MemberEvent, RefusalEvent, StandingEvent, FrozenEvent, ClipEvent>;

struct Traffic {
  std::uint64_t parcels_sent = 0;      // resends not counted
  std::uint64_t parcels_received = 0;  // repeats not counted
  std::uint64_t parcels_resent = 0;
  // The inbox had no room or was closed, or they named none of this peer's lives: they come again.
  std::uint64_t parcels_deferred = 0;
  std::uint64_t bytes_sent = 0;  // all frames of all messages handed to the network
  std::uint64_t bytes_received = 0;
  std::uint64_t messages_refused = 0;
};

class Exchange {
 public:
  Exchange(const ExchangeOptions& options, const BlockLayout& layout, Members members,
           runtime::Instant now);

  // The trainer's side.
  [[nodiscard]] bool has_room(runtime::PeerId to) const;  // false also for a peer that is not alive
  // Whether another snapshot may be handed out in this round, to whomever. Each that somebody has
  // not acknowledged is a copy of the model; with many receivers, edges alone would let as many be
  // kept. Also PushWindow.
  [[nodiscard]] bool may_push(std::uint64_t round);
  void push(Push push);  // to a peer that is alive; has_room() is the caller's to ask
  // Of mass that the caller has handed out already: where the receiver has gone since, it is in the
  // inbox at once.
  void push_or_take_back(Push push);
  // What arrived (kByRound: of rounds before this one) is about to be taken from the inbox, all of
  // it, and folded: acknowledgements and notes that this makes due.
  void begin_fold(std::uint64_t round);
  [[nodiscard]] Inbox& inbox() { return inbox_; }
  [[nodiscard]] const Inbox& inbox() const { return inbox_; }
  [[nodiscard]] const Members& members() const { return membership_.members(); }
  [[nodiscard]] const Membership& membership() const { return membership_; }
  // Whom it may push to, itself included, sorted: the living, or the view of them that it keeps to.
  [[nodiscard]] std::span<const runtime::PeerId> circle() const {
    return view_ ? view_->circle() : members().living();
  }
  void set_progress(const Progress& progress);  // a new phase is told to everybody at once, a step
                                                // with the next heartbeat
  // Pairwise averaging (gossip/requests.h): who asks for an answer and has room for it; and what it
  // sent, for the next begin_fold(), once the answer is pushed.
  [[nodiscard]] std::optional<runtime::PeerId> next_request() const;
  void admit_request(runtime::PeerId from);
  [[nodiscard]] bool awaits_answer() const { return requests_.awaits_answer(); }
  // All pushes of this round were made, of mass with this sketch (null: none is used).
  void pushed(std::uint64_t round, std::shared_ptr<const Sketch> sketch);
  // What was folded from `peer`, and the sketch it sent.
  [[nodiscard]] Heard heard(runtime::PeerId peer, ListMemory memory = heap()) const;
  // Goes along with the next push to each member, and from there on to everybody.
  void say(SharedNote note) { notes_.hear(std::move(note)); }
  // What is known by now of this peer and of the living: in step, what came with parcels that have
  // been taken, so that it does not depend on when they came.
  [[nodiscard]] const Notes& notes() const { return notes_; }
  void say_goodbye();  // queues a Goodbye to everybody alive
  // For a peer that hands its mass over and leaves: from now on new parcels are neither booked nor
  // acknowledged, and return to their senders with our goodbye. No request is answered any more.
  void close_inbox();

  // Members whose addresses are known; of those that are no members yet, what makes them so. Where
  // this peer is the newcomer, it says hello to them until it hears from them.
  void meet(const std::vector<Contact>& contacts, bool as_newcomer, runtime::Instant now);
  // Somebody says that a peer of this run, which need not be a member, is at that address
  // (gossip/beacon.h). Nothing is taken for true: who is no member is asked there who it is and
  // whom it knows, and where it answers this peer says hello to them. Two groups that began apart
  // so become one run, each peer with the mass that it has.
  void hear_of(runtime::PeerId peer, const runtime::Address& address, runtime::Instant now);
  // Who could take over this peer's mass, best first: those heard of lately before those who may be
  // gone, those with room before the others, then from the next peer in order on, so that peers
  // that leave together do not all burden one.
  [[nodiscard]] std::vector<runtime::PeerId> heirs() const;
  // The others hold this peer for dead. Its mass is void to them, and what it says is not heard: it
  // can come back as its next incarnation, by the door.
  [[nodiscard]] bool expelled() const { return membership_.expelled(); }
  [[nodiscard]] std::unique_ptr<Exchange> next_life(runtime::Instant now) const;
  // Newcomers wait for a copy of this peer's mass; donate() gives them one.
  [[nodiscard]] bool donation_wanted() const { return guests_.waiting(); }
  void donate(std::shared_ptr<const Snapshot> snapshot) {
    guests_.donate_from(std::move(snapshot));
  }

  // From now on nobody is a member, or becomes one, whose key is not among these: its mass under
  // way comes back. Null: keys do not matter.
  void admit_only(std::shared_ptr<const runtime::KeyNames> authorized);

  // One's own estimate, and sums of its squares over each block: what others' parcels are held
  // against. With kClip the snapshot is kept until the next. In step: once a round, when it is
  // pushed, so that what is clipped does not depend on when it came.
  void note_own(std::shared_ptr<const Snapshot> own, const std::vector<double>& squared_norms);

  // The network's side. `refused`: what decode() found.
  void receive(const Message& message, std::size_t bytes, runtime::Instant now);
  void refuse(runtime::PeerId from, Refusal reason);
  // Whether nothing that `from` says is heard for now, or this is more than is heard of anybody.
  // Asked once a message, before it is decoded; true counts it as refused.
  [[nodiscard]] bool turns_away(runtime::PeerId from, runtime::Instant now);
  void tick(runtime::Instant now);  // probes, suspicions, resends that are due; call at least as
                                    // often as next_tick() says
  [[nodiscard]] runtime::Instant next_tick() const;

  // To whom there may be something to send: newcomers, then members, each ascending.
  [[nodiscard]] List<runtime::PeerId> talking_to(ListMemory memory = heap());
  // The message to hand to the network next on this lane, if any; it stays the next one until
  // sent() is called, which must be before the next receive() or tick().
  [[nodiscard]] const std::vector<runtime::Frame>* next(runtime::PeerId to,
                                                        runtime::Channel channel,
                                                        runtime::Instant now);
  void sent(runtime::PeerId to, runtime::Channel channel, runtime::Instant now);

  // Whom to dial and whom to hang up on before next() is asked.
  [[nodiscard]] std::vector<Contact> take_dials() { return std::exchange(dials_, {}); }
  [[nodiscard]] std::vector<runtime::PeerId> take_partings() {
    return std::exchange(partings_, {});
  }

  [[nodiscard]] double mass_waiting() const;    // for the trainer, summed over blocks
  [[nodiscard]] double mass_in_flight() const;  // sent and not acknowledged, summed over blocks
  [[nodiscard]] std::size_t parcels_in_flight() const;
  [[nodiscard]] bool quiet() const;  // nothing in flight, nothing left to send
  [[nodiscard]] const Sender& self() const { return options_.self; }
  [[nodiscard]] const Traffic& traffic() const { return traffic_; }
  [[nodiscard]] std::uint64_t parcels_clipped() const { return clipping_.count(); }
  [[nodiscard]] std::vector<Event> take_events();
  [[nodiscard]] const StandingWatch& standing() const { return standing_; }
  // Living members on this machine, this peer included, as far as their addresses say.
  [[nodiscard]] std::size_t living_here() const;
  void note_diverged();
  // Of the other members, the living first, at most kReportedMax.
  [[nodiscard]] std::vector<MemberReport> member_reports(runtime::Instant now) const;

 private:
  // Strangers whose refusals are counted one by one; the rest are in traffic().messages_refused.
  static constexpr std::size_t kStrangersMax = 64;

  [[nodiscard]] bool is_living(runtime::PeerId peer) const;  // another member, and alive
  [[nodiscard]] bool recognises(const Sender& from);         // the life of a member that we know
  [[nodiscard]] Lane& lane(runtime::PeerId peer);            // of another member
  [[nodiscard]] Lane& talk(runtime::PeerId peer);            // one that will not be quiet
  void want_heartbeats();
  void tell_of_arrival(runtime::PeerId from, const Parcel& parcel);  // booked, not folded
  [[nodiscard]] bool waits_for_round(std::uint64_t parcel_round, std::uint64_t round) const;
  void acknowledge_before(std::uint64_t round);
  void note_heard_before(std::uint64_t round);
  void read_notes_before(std::uint64_t round);
  void hear(const Sender& from, const Parcel& parcel, runtime::Instant now);
  void hear(const Sender& from, const Acknowledgement& acknowledgement, runtime::Instant now);
  void hear(const Sender& from, const Heartbeat& heartbeat, runtime::Instant now);
  void hear(const Sender& from, const Goodbye& goodbye, runtime::Instant now);
  void hear(const Sender& from, const Hello& hello, runtime::Instant now);
  void hear(const Sender& from, const Roster& roster, runtime::Instant now);
  void hear(const Sender& from, const Request& request, runtime::Instant now);
  void hear(const Sender& from, const ViewMessage& message, runtime::Instant now);
  // None of these is said to a member; an Inquiry is answered before it would come here.
  void hear(const Sender&, const Rejection&, runtime::Instant) {}
  void hear(const Sender&, const Donation&, runtime::Instant) {}
  void hear(const Sender&, const Inquiry&, runtime::Instant) {}
  void hear(const Sender&, const Report&, runtime::Instant) {}
  void greet(runtime::PeerId peer);  // with a hello, until it answers
  void admit(const Contact& contact, runtime::Instant now);
  void reject(const Contact& contact, std::string reason, runtime::Instant now);
  void answer(const Contact& guest, runtime::Instant now);
  bool let_in(const Contact& guest, runtime::Instant now);       // as a guest; false: no room
  [[nodiscard]] bool is_outlived(const Contact& contact) const;  // as new an incarnation is known
  void add_member(const Contact& contact, runtime::Instant now);
  [[nodiscard]] const Said& said();
  [[nodiscard]] bool is_fresh(runtime::PeerId peer) const;  // heard of, and lately
  [[nodiscard]] std::string name_of(runtime::PeerId peer) const;
  [[nodiscard]] MemberEvent event_of(runtime::PeerId peer, MemberState state,
                                     std::string reason) const;
  void part_from(runtime::PeerId peer, MemberState state,
                 std::string reason);  // its mass under way comes back
  [[nodiscard]] bool is_authorized(const Contact& contact) const;
  [[nodiscard]] bool is_welcome(
      runtime::PeerId peer) const;  // its key, as far as known, is authorized
  [[nodiscard]] const Contact* contact_of(runtime::PeerId peer) const;  // null: not known
  void follow_membership();
  void dial_again(runtime::PeerId peer);  // its questions go out, its changes are acted on
  void follow(const Change& change);
  void hear_obituary(const Message& message, runtime::Instant now);
  void knock(runtime::Instant now);
  void knock_at_the_dead();
  void knock_at_strangers(runtime::Instant now);
  [[nodiscard]] bool asked(runtime::PeerId stranger, runtime::Instant now) const;
  void meet_strangers(const Roster& roster, runtime::Instant now);
  void close_door();  // at which strangers were asked
  void keep_view(runtime::Instant now);
  void join_view();
  void say_of_view();
  void repeat_what_must_arrive();
  [[nodiscard]] EdgeFigures* figures_of(runtime::PeerId peer, runtime::Instant now);  // null: none
  void note_sent(runtime::PeerId to, std::size_t bytes, runtime::Instant now);
  void note_received(const Message& message, std::size_t bytes, runtime::Instant now);
  void note_round_trips(runtime::Instant now);
  void look_around(runtime::Instant now);
  void look_for_frozen(runtime::Instant now);
  [[nodiscard]] bool stands_still(runtime::PeerId peer, runtime::Instant now) const;
  [[nodiscard]] EdgeReport edge_report(runtime::PeerId peer, runtime::Instant now) const;

  ExchangeOptions options_;
  const BlockLayout* layout_;
  Membership membership_;
  Clipping clipping_;
  Inbox inbox_;
  PushWindow push_window_;
  ResendTimer resend_timer_;
  Requests requests_;
  // Of the members there was anything between us with; closed where not alive. With thousands of
  // members, that is few of them, and fewer still have anything to say at one moment.
  Lane::Memory memory_;
  std::map<runtime::PeerId, Lane> lanes_;
  std::pmr::map<runtime::PeerId, Lane*> talking_{&memory_.nodes};  // in lanes_; all that are not
                                                                   // quiet, at least
  bool inbox_open_ = true;
  Guests guests_;
  std::map<runtime::PeerId, Contact> contacts_;  // of members, dead ones too; self included
  std::shared_ptr<const runtime::KeyNames> authorized_;
  std::set<runtime::PeerId> unanswered_;  // a newcomer's hello
  std::vector<Contact> dials_;
  std::vector<runtime::PeerId> partings_;
  Said said_;
  bool said_stale_ = true;                // its contacts and their hash
  std::shared_ptr<const Sketch> sketch_;  // of the last push
  runtime::Random random_;
  runtime::Instant ticked_at_;
  runtime::Instant repeat_at_;
  runtime::Instant roster_at_;  // no anti-entropy before
  runtime::Instant knock_at_;
  std::map<runtime::PeerId, std::deque<std::vector<runtime::Frame>>>
      knocks_;                         // not handed over yet
  std::set<runtime::PeerId> knocked_;  // dialled for it, and no member
  std::optional<PartialView> view_;
  runtime::Instant join_view_at_;  // not again before
  Strangers strangers_heard_of_;
  std::optional<Sender> expelled_by_;  // one that is dead to this peer
  Traffic traffic_;
  std::map<std::pair<runtime::PeerId, Refusal>, std::uint64_t> refusals_;
  ShutOut shut_out_;
  RateLimit rate_limit_;
  NormLimit norm_limit_;
  std::set<runtime::PeerId> strangers_;
  std::vector<Event> events_;
  using Key = std::pair<runtime::PeerId, std::uint64_t>;              // sender and sequence
  std::pmr::map<Key, std::uint64_t> unacknowledged_{&memory_.nodes};  // booked; their rounds
  std::pmr::map<Key, Parcel> unfolded_{&memory_.nodes};               // keep_heard
  std::uint64_t rounds_pushed_ = 0;
  Notes notes_;
  std::multimap<std::uint64_t, SharedNote> unread_notes_;  // by round; of parcels not yet taken
  std::map<runtime::PeerId, Heard> heard_;
  std::map<runtime::PeerId, EdgeFigures> figures_;  // of the living
  std::set<runtime::PeerId> frozen_;                // of the living
  StandingWatch standing_;
  runtime::Instant look_at_;
  std::optional<std::uint64_t> round_told_;  // with the last heartbeats that a round made due
};

}  // namespace gossip
