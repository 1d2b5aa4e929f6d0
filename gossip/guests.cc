#include "gossip/guests.h"

#include <algorithm>
#include <utility>

#include "runtime/check.h"

namespace gossip {
namespace {

constexpr std::size_t kSaidMax = 16;

std::size_t bytes_of(const Guests::Frames& frames) {
  std::size_t bytes = 0;
  for (const runtime::Frame& frame : frames) bytes += frame.size();
  return bytes;
}

}  // namespace

std::vector<runtime::PeerId> Guests::all() const {
  std::vector<runtime::PeerId> ids;
  for (const auto& [id, guest] : guests_) ids.push_back(id);
  return ids;
}

bool Guests::admit(runtime::PeerId id, runtime::Instant now) {
  if (guests_.size() >= kGuestsMax) return false;
  guests_[id].until = now + kPatienceAtFirst;
  donated_.reset();  // nobody starts from what was the estimate when an earlier guest came
  return true;
}

void Guests::dismiss(runtime::PeerId id) {
  guests_.erase(id);
  if (guests_.empty()) donated_.reset();
}

std::vector<runtime::PeerId> Guests::tick(runtime::Instant now) {
  std::vector<runtime::PeerId> silent;
  for (const auto& [id, guest] : guests_)
    if (now >= guest.until) silent.push_back(id);
  for (const runtime::PeerId id : silent) dismiss(id);
  return silent;
}

void Guests::say(runtime::PeerId id, Frames message) {
  std::deque<Frames>& said = guests_.at(id).said;
  if (said.size() >= kSaidMax) said.pop_front();
  said.push_back(std::move(message));
}

void Guests::want(runtime::PeerId id, std::uint32_t block, runtime::Instant now) {
  guests_.at(id).until = now + kPatience;
  std::deque<std::uint32_t>& blocks = guests_.at(id).blocks;
  const bool asked = std::ranges::find(blocks, block) != blocks.end();
  if (!asked && blocks.size() < kBlocksMax) blocks.push_back(block);
}

bool Guests::waiting() const {
  return donated_ == nullptr && std::ranges::any_of(guests_, [](const auto& guest) {
           return !guest.second.blocks.empty();
         });
}

const Guests::Frames* Guests::next(const Sender& self, runtime::PeerId to,
                                   runtime::Channel channel) {
  Guest& guest = guests_.at(to);
  if (channel == runtime::Channel::kControl)
    return guest.said.empty() ? nullptr : &guest.said.front();
  if (guest.blocks.empty() || donated_ == nullptr) return nullptr;
  if (guest.donation.empty()) {
    const std::uint32_t block = guest.blocks.front();
    const BlockRange range = layout_->range(block);
    const std::size_t number_bytes = kernels::bytes_of(layout_->scalar());
    guest.donation = encode(self, Donation{.block = block,
                                           .checksum = donated_->checksums[block],
                                           .payload = donated_->z.slice(range.offset * number_bytes,
                                                                        layout_->bytes(block))});
  }
  return &guest.donation;
}

std::size_t Guests::sent(runtime::PeerId to, runtime::Channel channel) {
  Guest& guest = guests_.at(to);
  if (channel == runtime::Channel::kControl) {
    const Frames said = std::move(guest.said.front());
    guest.said.pop_front();
    return bytes_of(said);
  }
  guest.blocks.pop_front();
  return bytes_of(std::exchange(guest.donation, {}));
}

}  // namespace gossip
