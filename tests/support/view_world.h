#pragma once
// Partial views alone, of many peers on one simulated network: nobody knows more of the run than
// its views hold, but for whom to join through. Messages are counted.

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "gossip/membership/partial_view.h"
#include "runtime/check.h"
#include "runtime/random.h"
#include "runtime/sim_network.h"

namespace test {

struct ViewWorldOptions {
  std::size_t peers = 8;
  gossip::PartialViewOptions view{};  // its self and seed are filled in
  runtime::Link link{.delay = std::chrono::milliseconds(1)};
  runtime::Duration join_gap{1'000'000};  // peer i joins so much after peer i - 1, through anybody
  std::uint64_t seed = 1;
};

class ViewWorld {
 public:
  explicit ViewWorld(const ViewWorldOptions& options)
      : options_(options),
        random_(options.seed, 78),
        network_(static_cast<std::uint32_t>(options.peers), options.seed),
        nodes_(options.peers) {
    network_.set_all_links(options.link);
    for (std::uint64_t i = 0; i < options.peers; ++i) {
      const runtime::PeerId id{i};
      network_.on_arrival(id, [this, id] { take_in(id); });
      network_.call_at(now() + static_cast<runtime::Duration::rep>(i) * options.join_gap,
                       [this, id] { begin_life(id); });
    }
  }

  [[nodiscard]] runtime::Instant now() const { return network_.clock().now(); }
  void run_for(runtime::Duration span) {
    const runtime::Instant end = now() + span;
    bool reached = false;
    network_.call_at(end, [&reached] { reached = true; });
    while (!reached) CHECK(network_.run_next_event());
  }
  // Nobody's time moves on; what is under way arrives, and so does what follows from it.
  void fall_silent() {
    silent_ = true;
    while (network_.run_next_event()) {
    }
  }

  void crash(runtime::PeerId id) {
    node(id).reset();
    network_.set_alive(id, false);
  }
  void come_back(runtime::PeerId id) {
    CHECK(node(id) == nullptr);
    network_.set_alive(id, true);
    begin_life(id);
  }
  // Whom a newcomer may join through; everybody unless said otherwise.
  std::function<bool(runtime::PeerId newcomer, runtime::PeerId contact)> may_join =
      [](runtime::PeerId, runtime::PeerId) { return true; };
  // Told by somebody that a peer exists.
  void tell(runtime::PeerId id, runtime::PeerId of) { node(id)->heard_of(of); }

  [[nodiscard]] runtime::Random& random() { return random_; }
  [[nodiscard]] const gossip::PartialView& view(runtime::PeerId id) const {
    return *nodes_[runtime::value_of(id)];
  }
  [[nodiscard]] std::vector<runtime::PeerId> living() const {
    std::vector<runtime::PeerId> ids;
    for (std::uint64_t i = 0; i < nodes_.size(); ++i)
      if (nodes_[i]) ids.push_back(runtime::PeerId{i});
    return ids;
  }
  [[nodiscard]] std::uint64_t messages() const { return messages_; }
  [[nodiscard]] std::uint64_t fingerprint() const { return network_.fingerprint(); }

  // Told of each message.
  std::function<void(runtime::PeerId from, const gossip::ViewPost& post)> on_sent;

 private:
  using Node = std::unique_ptr<gossip::PartialView>;
  Node& node(runtime::PeerId id) { return nodes_[runtime::value_of(id)]; }

  void begin_life(runtime::PeerId id) {
    gossip::PartialViewOptions options = options_.view;
    options.self = id;
    options.seed = options_.seed;
    node(id) = std::make_unique<gossip::PartialView>(options, now());
    join(id);
    set_timer(id);
  }
  void join(runtime::PeerId id) {
    std::vector<runtime::PeerId> contacts = living();
    std::erase_if(contacts, [&](runtime::PeerId contact) {
      return contact == id || node(id)->is_neighbour(contact) || !may_join(id, contact);
    });
    if (!contacts.empty()) node(id)->join(contacts[random_.below(contacts.size())]);
    flush(id);
  }
  void set_timer(runtime::PeerId id) {
    network_.call_at(node(id)->next_tick(), [this, id] { tick(id); });
  }
  // Lives end, and their timers with them: a peer that came back in between has its own.
  void tick(runtime::PeerId id) {
    if (silent_ || !node(id) || now() < node(id)->next_tick()) return;
    node(id)->tick(now());
    // By the door by which it came in.
    if (node(id)->at_a_loss()) join(id);
    flush(id);
    set_timer(id);
  }

  void take_in(runtime::PeerId id) {
    std::array<runtime::Delivery, 16> arrived;
    while (const std::size_t count = network_.transport_of(id).receive(arrived))
      for (std::size_t i = 0; i < count; ++i) hear(id, std::exchange(arrived[i], {}));
  }
  void hear(runtime::PeerId id, const runtime::Delivery& delivery) {
    if (!node(id)) return;
    node(id)->hear(delivery.from, message_in(delivery.frames.at(0)), now());
    flush(id);
  }
  void flush(runtime::PeerId id) {
    for (const gossip::ViewPost& post : node(id)->take_posts()) {
      ++messages_;
      if (on_sent) on_sent(id, post);
      const std::array frames{frame_of(post.message)};
      // What finds nobody, or no room, is lost: that it was, nobody is told.
      static_cast<void>(
          network_.transport_of(id).send(post.to, runtime::Channel::kControl, frames));
    }
  }

  // In words of eight bytes, so that no byte is left to chance.
  static runtime::Frame frame_of(const gossip::ViewMessage& message) {
    std::vector<std::uint64_t> words{static_cast<std::uint64_t>(message.kind),
                                     message.urgent ? 1U : 0U, message.hops,
                                     runtime::value_of(message.about)};
    for (const runtime::PeerId peer : message.peers) words.push_back(runtime::value_of(peer));
    std::vector<std::byte> bytes(words.size() * sizeof(std::uint64_t));
    std::memcpy(bytes.data(), words.data(), bytes.size());
    return runtime::Frame::of(std::move(bytes));
  }
  static gossip::ViewMessage message_in(const runtime::Frame& frame) {
    std::vector<std::uint64_t> words(frame.size() / sizeof(std::uint64_t));
    std::memcpy(words.data(), frame.bytes().data(), frame.size());
    gossip::ViewMessage message{.kind = static_cast<gossip::ViewMessage::Kind>(words[0]),
                                .urgent = words[1] != 0,
                                .hops = static_cast<std::uint8_t>(words[2]),
                                .about = runtime::PeerId{words[3]}};
    for (std::size_t i = 4; i < words.size(); ++i)
      message.peers.push_back(runtime::PeerId{words[i]});
    return message;
  }

  ViewWorldOptions options_;
  runtime::Random random_;
  runtime::SimNetwork network_;
  std::vector<Node> nodes_;  // null: not there yet, or not any more
  bool silent_ = false;
  std::uint64_t messages_ = 0;
};

}  // namespace test
