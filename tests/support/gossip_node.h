#pragma once
// Push-sum averaging without gradients over a simulated network: a peer's gossip and nothing else,
// with a ledger that knows where every share is.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <numeric>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "gossip/exchange.h"
#include "gossip/mass.h"
#include "gossip/topology.h"
#include "gossip/weighting.h"
#include "runtime/check.h"
#include "runtime/sim_network.h"
#include "tests/support/far_backend.h"
#include "tests/support/snapshots.h"
#include "tests/support/take_all.h"

namespace test {

// An amount of mass: weight summed over blocks, x over all parameters.
struct Amount {
  double weight = 0.0;
  std::vector<double> x;

  explicit Amount(std::size_t parameter_count) : x(parameter_count, 0.0) {}
  Amount& add(const Amount& other, double factor = 1.0) {
    weight += factor * other.weight;
    for (std::size_t i = 0; i < x.size(); ++i) x[i] += factor * other.x[i];
    return *this;
  }
};

// Every share from its push to its booking.
class Ledger {
 public:
  Ledger(const gossip::BlockLayout& layout, const gossip::Codec& codec)
      : layout_(&layout), codec_(&codec) {}

  void write_push(runtime::PeerId from, const gossip::Push& push) {
    for (const std::uint32_t block : push.blocks) {
      Amount amount(layout_->parameter_count());
      const gossip::BlockRange range = layout_->range(block);
      amount.weight = push.share * push.snapshot->weights[block];
      const std::span<double> x(amount.x.data() + range.offset, range.count);
      CHECK(codec_->decode(push.snapshot->payload(block, *layout_).bytes(), x));
      for (double& number : x) number *= amount.weight;
      total_of(pushed_to_, push.to).add(amount);
      under_way_.emplace(std::tuple(from, push.to, sequences_[{from, push.to}]++), amount);
    }
  }
  void write_booking(runtime::PeerId from, runtime::PeerId to, std::uint64_t sequence) {
    const auto found = under_way_.find({from, to, sequence});
    CHECK(found != under_way_.end());  // twice, or never pushed
    total_of(booked_from_, from).add(found->second);
    under_way_.erase(found);
  }

  [[nodiscard]] Amount under_way() const {
    Amount sum(layout_->parameter_count());
    for (const auto& [key, amount] : under_way_) sum.add(amount);
    return sum;
  }
  [[nodiscard]] Amount pushed_to(runtime::PeerId peer) { return total_of(pushed_to_, peer); }
  [[nodiscard]] Amount booked_from(runtime::PeerId peer) { return total_of(booked_from_, peer); }

 private:
  using Totals = std::map<runtime::PeerId, Amount>;
  Amount& total_of(Totals& totals, runtime::PeerId peer) const {
    return totals.try_emplace(peer, layout_->parameter_count()).first->second;
  }

  const gossip::BlockLayout* layout_;
  const gossip::Codec* codec_;
  std::map<std::tuple<runtime::PeerId, runtime::PeerId, std::uint64_t>, Amount> under_way_;
  std::map<std::pair<runtime::PeerId, runtime::PeerId>, std::uint64_t> sequences_;
  Totals pushed_to_;
  Totals booked_from_;
};

class GossipNode {
 public:
  struct Parts {
    const gossip::BlockLayout* layout = nullptr;
    const gossip::Topology* topology = nullptr;
    const gossip::Weighting* weighting = nullptr;
    const gossip::Codec* codec = nullptr;
    runtime::SimNetwork* network = nullptr;
    Ledger* ledger = nullptr;
    double suspicion_multiplier = 20.0;
    gossip::Acknowledge acknowledge = gossip::Acknowledge::kFolded;
  };
  static constexpr std::uint64_t kFingerprint = 77;
  static constexpr double kWeightFloor = 0.25;

  GossipNode(runtime::PeerId id, std::size_t peer_count, const Parts& parts,
             std::span<const double> start)
      : id_(id),
        parts_(parts),
        decoder_(*parts.codec, *parts.layout),
        transport_(&parts.network->transport_of(id)),
        mass_(*parts.layout, *backend_, start, parts.codec),
        exchange_(options_of(id), *parts.layout, gossip::Members(id, peers(peer_count), now()),
                  now()),
        terms_{.fingerprint = kFingerprint,
               .layout = parts.layout,
               .weight_max = 2.0 * static_cast<double>(peer_count),
               .decoder = &decoder_} {}

  // One round: fold what has come, push to this round's receivers.
  void step() {
    fold();
    const auto receivers =
        parts_.topology->out_neighbours(round_, exchange_.members().living(), id_);
    const gossip::List<double> shares =
        parts_.weighting->shares({.round = round_,
                                  .members = exchange_.members().living(),
                                  .self = id_,
                                  .receivers = receivers,
                                  .topology = parts_.topology});
    const std::vector<std::uint32_t> blocks = pushable_blocks();
    const auto snapshot = mass_.snapshot(blocks, round_);
    double kept = 1.0;
    for (std::size_t i = 0; i < receivers.size(); ++i) {
      if (!exchange_.has_room(receivers[i])) continue;
      const gossip::Push push{receivers[i], round_, shares[i], snapshot, blocks};
      parts_.ledger->write_push(id_, push);
      exchange_.push(push);
      kept -= shares[i];
    }
    for (const std::uint32_t block : blocks) mass_.keep(*snapshot, block, kept);
    ++round_;
    flush();
  }

  void receive() {
    std::array<runtime::Delivery, 8> arrived;
    while (const std::size_t count = transport_->receive(arrived))
      for (const runtime::Delivery& delivery : std::span(arrived).first(count)) hear(delivery);
    flush();
  }

  void tick() {
    note_taken_back([this] { exchange_.tick(now()); });
    flush();
  }

  void fold() {
    exchange_.begin_fold(round_ + 1);
    fold_all(exchange_.inbox(), *parts_.layout, round_ + 1, mass_);
  }
  void settle() {
    fold();
    flush();
  }

  [[nodiscard]] Amount held() {  // the inbox not counted
    Amount amount(parts_.layout->parameter_count());
    for (const std::uint32_t block : all_blocks(*parts_.layout))
      amount.weight += mass_.weight(block);
    mass_.numerator(std::span(amount.x));
    return amount;
  }
  [[nodiscard]] std::vector<double> estimate() {
    const auto z = mass_.estimate().as<double>();
    return {z.begin(), z.end()};
  }
  [[nodiscard]] double weight(std::uint32_t block) const { return mass_.weight(block); }
  [[nodiscard]] const Amount& taken_back() const { return taken_back_; }
  [[nodiscard]] gossip::Exchange& exchange() { return exchange_; }

 private:
  [[nodiscard]] gossip::ExchangeOptions options_of(runtime::PeerId id) const {
    using std::chrono::milliseconds;
    return {.self = {.id = id, .incarnation = 1, .fingerprint = kFingerprint},
            .edge = {.pushes_in_flight_max = 2,
                     .resend_after = milliseconds(20),
                     .resend_after_max = milliseconds(80)},
            .decoder = &decoder_,
            .acknowledge = parts_.acknowledge,
            .probe_interval = milliseconds(20),
            .suspicion_multiplier = parts_.suspicion_multiplier,
            .seed = 1};
  }
  [[nodiscard]] runtime::Instant now() const { return parts_.network->clock().now(); }

  [[nodiscard]] std::vector<std::uint32_t> pushable_blocks() const {
    std::vector<std::uint32_t> blocks;
    for (std::uint32_t block = 0; block < parts_.layout->block_count(); ++block)
      if (mass_.weight(block) >= kWeightFloor) blocks.push_back(block);
    return blocks;
  }

  template <typename Action>
  void note_taken_back(const Action& action) {
    fold();
    Amount before = held();
    action();
    fold();
    taken_back_.add(held()).add(before, -1.0);
  }

  void hear(const runtime::Delivery& delivery) {
    const auto decoded = gossip::decode(delivery, terms_);
    if (const auto* refusal = std::get_if<gossip::Refusal>(&decoded))
      exchange_.refuse(delivery.from, *refusal);
    const auto* message = std::get_if<gossip::Message>(&decoded);
    if (message == nullptr) return;
    if (!std::holds_alternative<gossip::Parcel>(message->body))  // it may tell of a death
      return note_taken_back([&] { exchange_.receive(*message, 0, now()); });
    const std::uint64_t booked_before = exchange_.traffic().parcels_received;
    exchange_.receive(*message, 0, now());
    if (exchange_.traffic().parcels_received == booked_before) return;
    if (const auto* parcel = std::get_if<gossip::Parcel>(&message->body))
      parts_.ledger->write_booking(delivery.from, id_, parcel->sequence);
  }

  void flush() {
    for (const runtime::PeerId to : exchange_.members().all()) {
      for (const auto channel : {runtime::Channel::kControl, runtime::Channel::kBulk}) {
        while (const auto* frames = exchange_.next(to, channel, now())) {
          if (transport_->send(to, channel, *frames) != runtime::Sent::kQueued) break;
          exchange_.sent(to, channel, now());
        }
      }
    }
  }

  runtime::PeerId id_;
  Parts parts_;
  gossip::Decoder decoder_;
  runtime::Transport* transport_;
  std::unique_ptr<kernels::Backend> backend_ = reference_backend();
  gossip::Mass mass_;
  gossip::Exchange exchange_;
  gossip::Terms terms_;
  std::uint64_t round_ = 0;
  Amount taken_back_{parts_.layout->parameter_count()};
};

}  // namespace test
