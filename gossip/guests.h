#pragma once
// Newcomers that are not members yet: they ask for the blocks of an estimate and get them. Part of
// Exchange.

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "gossip/layout.h"
#include "gossip/parcel.h"
#include "gossip/wire.h"
#include "runtime/clock.h"

namespace gossip {

class Guests {
 public:
  using Frames = std::vector<runtime::Frame>;

  static constexpr std::size_t kGuestsMax = 8;   // more are not let in until one has left
  static constexpr std::size_t kBlocksMax = 16;  // wanted at a time; further requests are dropped
  // A guest that wants nothing for so long is forgotten; when it knocks again it takes its turn.
  static constexpr runtime::Duration kPatience{30'000'000'000};
  static constexpr runtime::Duration kPatienceAtFirst{
      5'000'000'000};  // and before it wants a block

  explicit Guests(const BlockLayout& layout) : layout_(&layout) {}

  [[nodiscard]] bool contains(runtime::PeerId id) const { return guests_.contains(id); }
  [[nodiscard]] std::vector<runtime::PeerId> all() const;
  bool admit(runtime::PeerId id, runtime::Instant now);  // one that is new; false: no room
  void dismiss(runtime::PeerId id);
  [[nodiscard]] std::vector<runtime::PeerId> tick(runtime::Instant now);  // who was forgotten

  void say(runtime::PeerId id, Frames message);  // on the control channel; the oldest give way
  void want(runtime::PeerId id, std::uint32_t block, runtime::Instant now);
  [[nodiscard]] bool waiting() const;  // for a snapshot to give away
  void donate_from(std::shared_ptr<const Snapshot> snapshot) { donated_ = std::move(snapshot); }
  [[nodiscard]] bool has_donation() const { return donated_ != nullptr; }

  // As Exchange::next and Exchange::sent.
  [[nodiscard]] const Frames* next(const Sender& self, runtime::PeerId to,
                                   runtime::Channel channel);
  std::size_t sent(runtime::PeerId to, runtime::Channel channel);  // bytes

 private:
  struct Guest {
    runtime::Instant until{};  // forgotten then
    std::deque<Frames> said;
    std::deque<std::uint32_t> blocks;
    Frames donation;  // offered, of the first of blocks
  };

  const BlockLayout* layout_;
  std::map<runtime::PeerId, Guest> guests_;
  std::shared_ptr<const Snapshot> donated_;  // kept while there are guests
};

}  // namespace gossip
