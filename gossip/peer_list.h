#pragma once
// Peers in order of their numbers, each once: one list in memory however many hold it, as many
// simulated peers of one process do.

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "runtime/peer_id.h"

namespace gossip {

class PeerList {
 public:
  PeerList() : PeerList(std::vector<runtime::PeerId>{}) {}
  // NOLINTNEXTLINE(google-explicit-constructor): a list is one
  PeerList(std::vector<runtime::PeerId> peers)
      : peers_(std::make_shared<const std::vector<runtime::PeerId>>(in_order(std::move(peers)))) {}
  PeerList(std::initializer_list<runtime::PeerId> peers)
      : PeerList(std::vector<runtime::PeerId>(peers)) {}

  [[nodiscard]] std::span<const runtime::PeerId> span() const { return *peers_; }
  [[nodiscard]] std::size_t size() const { return peers_->size(); }
  [[nodiscard]] auto begin() const { return peers_->begin(); }
  [[nodiscard]] auto end() const { return peers_->end(); }
  [[nodiscard]] bool contains(runtime::PeerId peer) const {
    return std::binary_search(begin(), end(), peer);
  }

  [[nodiscard]] PeerList with(runtime::PeerId peer) const {
    std::vector<runtime::PeerId> more(*peers_);
    more.push_back(peer);
    return {std::move(more)};
  }
  // A list of its own; others that shared this one keep the peer.
  [[nodiscard]] PeerList without(runtime::PeerId peer) const {
    std::vector<runtime::PeerId> rest(*peers_);
    std::erase(rest, peer);
    return {std::move(rest)};
  }

 private:
  static std::vector<runtime::PeerId> in_order(std::vector<runtime::PeerId> peers) {
    std::sort(peers.begin(), peers.end());
    peers.erase(std::unique(peers.begin(), peers.end()), peers.end());
    return peers;
  }

  std::shared_ptr<const std::vector<runtime::PeerId>> peers_;
};

}  // namespace gossip
