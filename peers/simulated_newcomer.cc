#include "peers/simulated_newcomer.h"

#include <string>
#include <utility>

#include "runtime/check.h"

namespace peers {
namespace {

using gossip::Joining;

// As many addresses as seeds: nothing is dialled by them here, but Joining tells them apart.
gossip::JoiningOptions with_seeds(gossip::JoiningOptions options, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i)
    options.seeds.push_back({.control = std::to_string(i), .bulk = ""});
  return options;
}

}  // namespace

SimulatedNewcomer::ByNumber::ByNumber(const std::vector<runtime::PeerId>& seeds,
                                      runtime::Transport& network)
    : network_(&network) {
  for (std::size_t i = 0; i < seeds.size(); ++i) seeds_[Joining::seed_id(i)] = seeds[i];
}

runtime::Sent SimulatedNewcomer::ByNumber::send(runtime::PeerId to, runtime::Channel channel,
                                                std::span<const runtime::Frame> frames) {
  const auto seed = seeds_.find(to);
  return network_->send(seed == seeds_.end() ? to : seed->second, channel, frames);
}

runtime::Status SimulatedNewcomer::ByNumber::connect(runtime::PeerId peer,
                                                     const runtime::Address& address) {
  return network_->connect(peer, address);
}

void SimulatedNewcomer::ByNumber::disconnect(runtime::PeerId peer) { network_->disconnect(peer); }

std::size_t SimulatedNewcomer::ByNumber::receive(std::span<runtime::Delivery> out) {
  return network_->receive(out);
}

SimulatedNewcomer::SimulatedNewcomer(gossip::JoiningOptions options,
                                     const std::vector<runtime::PeerId>& seeds,
                                     const gossip::BlockLayout& layout,
                                     runtime::Transport& transport)
    : transport_(seeds, transport),
      newcomer_(with_seeds(std::move(options), seeds.size()), layout) {}

Joining::State SimulatedNewcomer::advance(runtime::Instant now) {
  while (newcomer_.listen(transport_, now)) {
  }
  // Everybody can be dialled here.
  CHECK(newcomer_.talk(transport_, now).ok());
  return newcomer_.joining().state();
}

}  // namespace peers
