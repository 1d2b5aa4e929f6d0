#pragma once
// How a newcomer gets into a run: it knocks at the addresses it was given, is told who is there,
// fetches the estimate block by block from several of them at once, and is then ready to be a
// member. A pure state machine, as Exchange is, which takes over from it.
//
// After a power cut all that are left knock at each other. Of those that were of the run before,
// one begins it again: who hears others wait and nobody answer takes its turn among those that it
// hears, the furthest first. Turns are long enough for the others to be let in by who has begun.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gossip/layout.h"
#include "gossip/wire.h"
#include "runtime/address.h"
#include "runtime/clock.h"

namespace gossip {

struct JoiningOptions {
  Sender sender;
  Contact self;
  std::string terms;
  std::vector<runtime::Address> seeds;  // control endpoints; tried all at once, for ever
  runtime::Duration knock_every{500'000'000};
  runtime::Duration request_max{2'000'000'000};  // then another donor is asked for the block
  // The step of the checkpoint with which this peer could begin the run again; empty: it has none,
  // and waits for ever.
  std::optional<std::uint64_t> begins_at = {};
  runtime::Duration turn{10'000'000'000};
};

class Joining {
 public:
  // kBegins: nobody is there but others that wait, and it is this peer's turn to begin the run.
  enum class State : std::uint8_t { kKnocking, kFetching, kReady, kRejected, kBegins };
  struct Outgoing {
    runtime::PeerId to{};
    std::vector<runtime::Frame> frames;  // of one control message
  };

  // An address that was given says nothing of the peer behind it; until it answers, it goes by a
  // number that no peer has.
  [[nodiscard]] static constexpr runtime::PeerId seed_id(std::size_t index) {
    return runtime::PeerId{~std::uint64_t{index}};
  }

  Joining(JoiningOptions options, const BlockLayout& layout);

  // Another address to knock at, as long as nobody has answered. False: it was known, or is not
  // needed any more.
  bool add_seed(const runtime::Address& seed);

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] const std::string& reason() const { return reason_; }  // kRejected
  [[nodiscard]] std::size_t blocks_fetched() const { return blocks_fetched_; }
  [[nodiscard]] std::vector<Contact> contacts() const;                  // kReady: who is there
  [[nodiscard]] const Progress& progress() const { return progress_; }  // the furthest heard of
  [[nodiscard]] kernels::ConstView estimate() const;                    // kReady; in host memory

  // Others that knock at this peer, and so wait as it does.
  [[nodiscard]] std::size_t others_waiting() const { return waiting_.size(); }

  void receive(const Message& message, runtime::Instant now);
  void tick(runtime::Instant now);

  // What to do next: hang up, dial, and then say. A message that found no room may be dropped:
  // whatever is not answered is said again.
  [[nodiscard]] std::vector<runtime::PeerId> take_partings() {
    return std::exchange(partings_, {});
  }
  [[nodiscard]] std::vector<std::pair<runtime::PeerId, runtime::Address>> take_dials();
  [[nodiscard]] std::vector<Outgoing> take_messages();

 private:
  static constexpr std::size_t kDonorsMax = 4;
  static constexpr std::size_t kRequestsMax = 4;  // under way to one donor
  static constexpr std::size_t kSeedsMax = 64;
  static constexpr std::size_t kWaitingMax = 64;
  struct Waiting {
    std::optional<std::uint64_t> begins_at;
    runtime::Instant heard_at{};
  };
  struct Asked {
    runtime::PeerId donor{};
    runtime::Instant at{};
  };

  [[nodiscard]] bool is_over() const {
    return state_ == State::kRejected || state_ == State::kReady || state_ == State::kBegins;
  }
  void hear(runtime::PeerId from, const Hello& hello, runtime::Instant now);
  void hear(runtime::PeerId from, const Roster& roster, runtime::Instant now);
  void hear(runtime::PeerId from, const Donation& donation, runtime::Instant now);
  [[nodiscard]] bool its_turn(runtime::Instant now);
  void knock(runtime::Instant now);
  void ask_for_blocks(runtime::Instant now);
  [[nodiscard]] std::optional<std::uint32_t> next_missing() const;

  JoiningOptions options_;
  const BlockLayout* layout_;
  State state_ = State::kKnocking;
  std::string reason_;
  std::optional<runtime::Instant> knocked_at_;
  std::size_t knocked_at_others_ = 0;  // times, at peers that are no donors
  std::map<runtime::PeerId, Contact> contacts_;
  std::map<runtime::PeerId, Waiting> waiting_;
  std::optional<runtime::Instant> waiting_since_;  // others, and nobody has answered
  std::set<runtime::PeerId> donors_;               // who answered
  bool seeds_left_ = false;
  Progress progress_;
  std::vector<std::byte> estimate_;
  std::vector<bool> fetched_;
  std::size_t blocks_fetched_ = 0;
  std::map<std::uint32_t, Asked> asked_;
  std::vector<std::pair<runtime::PeerId, runtime::Address>> dials_;
  std::vector<runtime::PeerId> partings_;
  std::vector<Outgoing> messages_;
};

}  // namespace gossip
