#pragma once
// A newcomer in virtual time: the talk of a real one, over the simulated network, where a peer is
// reached by its number and has no address.

#include <cstddef>
#include <map>
#include <span>
#include <vector>

#include "gossip/joining.h"
#include "gossip/layout.h"
#include "peers/newcomer.h"
#include "runtime/clock.h"
#include "runtime/peer_id.h"
#include "runtime/transport.h"

namespace peers {

class SimulatedNewcomer {
 public:
  // Knocks at `seeds`, who are in the run; `options` says nothing of them. `layout` and `transport`
  // outlive it.
  SimulatedNewcomer(gossip::JoiningOptions options, const std::vector<runtime::PeerId>& seeds,
                    const gossip::BlockLayout& layout, runtime::Transport& transport);

  // Hears what has come and says what is due. Call when something arrives and every few
  // milliseconds.
  gossip::Joining::State advance(runtime::Instant now);
  [[nodiscard]] Joined joined() const { return newcomer_.joined(); }

 private:
  // Seeds go by numbers of their own until they answer (Joining::seed_id).
  class ByNumber final : public runtime::Transport {
   public:
    ByNumber(const std::vector<runtime::PeerId>& seeds, runtime::Transport& network);
    runtime::Sent send(runtime::PeerId to, runtime::Channel channel,
                       std::span<const runtime::Frame> frames) override;
    runtime::Status connect(runtime::PeerId peer, const runtime::Address& address) override;
    void disconnect(runtime::PeerId peer) override;
    [[nodiscard]] std::size_t receive(std::span<runtime::Delivery> out) override;

   private:
    std::map<runtime::PeerId, runtime::PeerId> seeds_;
    runtime::Transport* network_;
  };

  ByNumber transport_;
  Newcomer newcomer_;
};

}  // namespace peers
