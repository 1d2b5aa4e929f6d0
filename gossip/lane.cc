#include "gossip/lane.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "runtime/check.h"

namespace gossip {
namespace {

std::size_t bytes_of(const Lane::Frames& frames) {
  std::size_t bytes = 0;
  for (const runtime::Frame& frame : frames) bytes += frame.size();
  return bytes;
}

}  // namespace

bool Lane::recognises(std::uint64_t incarnation) {
  if (!incarnation_) incarnation_ = incarnation;
  return incarnation_ == incarnation;
}

void Lane::want_acknowledged(std::uint64_t sequence, const std::shared_ptr<const Sketch>& sketch) {
  sketch_ = sketch;
  arrivals_.erase(sequence);
  if (acknowledgements_.size() < kAcknowledgementsWaitingMax) acknowledgements_.insert(sequence);
}

void Lane::want_arrival_known(std::uint64_t sequence) {
  if (arrivals_.size() < kAcknowledgementsWaitingMax) arrivals_.insert(sequence);
}

void Lane::want_heartbeat() { heartbeat_wanted_ = !goodbye_wanted_ && !goodbye_said_; }

void Lane::want_probe(const Probe& probe) {
  if (goodbye_wanted_ || goodbye_said_) return;
  if (probes_.size() == kProbesWaitingMax) probes_.erase(probes_.begin());
  probes_.push_back(probe);
}

void Lane::want_view(ViewMessage message) {
  if (goodbye_wanted_ || goodbye_said_) return;
  if (views_.size() == kViewMessagesWaitingMax) views_.erase(views_.begin());
  views_.push_back(std::move(message));
}

void Lane::want_goodbye() {
  goodbye_wanted_ = !goodbye_said_;
  heartbeat_wanted_ = false;
  probes_.clear();
  views_.clear();
}

Acknowledgement Lane::next_of(std::pmr::set<std::uint64_t>& sequences) const {
  auto end = sequences.begin();
  std::advance(end, std::min(sequences.size(), kAcknowledgedMax));
  Acknowledgement said{.incarnation = incarnation_.value_or(0),
                       .sequences = {sequences.begin(), end, &memory_->nodes}};
  sequences.erase(sequences.begin(), end);
  return said;
}

std::optional<Body> Lane::next_body(const Said& now) {
  if (goodbye_said_) return std::nullopt;
  if (!acknowledgements_.empty()) {
    Acknowledgement said = next_of(acknowledgements_);
    if (sketch_ != sketch_said_) said.sketch = sketch_said_ = sketch_;
    return said;
  }
  if (!arrivals_.empty()) {
    Acknowledgement said = next_of(arrivals_);
    said.folded = false;
    return said;
  }
  if (std::exchange(hello_wanted_, false)) return now.hello;
  if (roster_next_) return next_roster(now);
  if (!views_.empty()) {
    Body message = std::move(views_.front());
    views_.erase(views_.begin());
    return message;
  }
  if (!probes_.empty()) {
    const Probe probe = probes_.front();
    probes_.erase(probes_.begin());
    heartbeat_wanted_ = false;  // this is one
    return Heartbeat{.progress = now.progress, .roster = now.roster, .probe = probe};
  }
  if (std::exchange(heartbeat_wanted_, false))
    return Heartbeat{.progress = now.progress, .roster = now.roster};
  if (!std::exchange(goodbye_wanted_, false)) return std::nullopt;
  goodbye_said_ = true;
  return Goodbye{};
}

Roster Lane::next_roster(const Said& now) {
  Roster roster{.contacts = {}, .progress = now.progress};
  const std::size_t begin = std::min(*roster_next_, now.contacts.size());
  const std::size_t end = std::min(begin + kContactsMax, now.contacts.size());
  for (std::size_t i = begin; i < end; ++i) roster.contacts.push_back(now.contacts[i]);
  roster_next_ = end;
  if (end == now.contacts.size()) roster_next_.reset();
  return roster;
}

const Lane::Frames* Lane::next_control(const Sender& self, const Said& said,
                                       const std::function<std::vector<Rumour>()>& rumours) {
  if (control_.empty()) {
    std::optional<Body> body = next_body(said);
    if (!body) return nullptr;
    if (auto* heartbeat = std::get_if<Heartbeat>(&*body)) heartbeat->rumours = rumours();
    encode(self, *body, memory_->headers, control_);
  }
  return &control_;
}

std::size_t Lane::control_sent() {
  CHECK(!control_.empty());
  const std::size_t bytes = bytes_of(control_);
  control_.clear();
  return bytes;
}

const Lane::Frames* Lane::next_bulk(const Sender& self, runtime::Instant now) {
  const Parcel* parcel = out_.next(now);
  if (parcel == nullptr) {
    bulk_.clear();
    return nullptr;
  }
  if (bulk_.empty() || bulk_sequence_ != parcel->sequence) {
    Parcel named = *parcel;
    named.recipient = incarnation_.value_or(0);
    // It may wait in a socket's queue when the first has arrived long ago, and would keep the whole
    // snapshot that it was cut from until it has left.
    if (out_.repeats()) named.payload = named.payload.copy();
    encode(self, named, memory_->headers, bulk_);
    bulk_sequence_ = parcel->sequence;
  }
  return &bulk_;
}

Lane::BulkSent Lane::bulk_sent(runtime::Instant now) {
  CHECK(!bulk_.empty());
  const std::size_t bytes = bytes_of(bulk_);
  bulk_.clear();
  return {.bytes = bytes, .first_time = out_.sent(now)};
}

bool Lane::quiet() const {
  const bool all_said =
      acknowledgements_.empty() && arrivals_.empty() && !hello_wanted_ && !roster_next_;
  return out_.in_flight() == 0 && control_.empty() && (goodbye_said_ || all_said) &&
         !heartbeat_wanted_ && probes_.empty() && views_.empty() && !goodbye_wanted_;
}

std::vector<Parcel> Lane::close() {
  acknowledgements_.clear();
  arrivals_.clear();
  probes_.clear();
  views_.clear();
  heartbeat_wanted_ = false;
  goodbye_wanted_ = false;
  hello_wanted_ = false;
  roster_next_.reset();
  control_.clear();
  bulk_.clear();
  return out_.take_back();
}

}  // namespace gossip
