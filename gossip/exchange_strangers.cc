// The part of Exchange that meets peers of its run which began apart from it.
#include <utility>
#include <vector>

#include "gossip/exchange.h"
#include "gossip/joining.h"

namespace gossip {
namespace {

// About so many of a group ask in a second, however large it is: one answer is enough.
constexpr std::uint64_t kAskersInGroup = 3;
// An address says nothing of the peer behind it: until it answers, it goes by a number that no peer
// has.
constexpr runtime::PeerId kDoor = Joining::seed_id(0);

}  // namespace

void Exchange::hear_of(runtime::PeerId peer, const runtime::Address& address,
                       runtime::Instant now) {
  // Of the dead and of those who left others know more than a beacon says.
  if (options_.admits && peer != options_.self.id && !members().contains(peer))
    strangers_heard_of_.hear_of(peer, address, now);
}

// Asks as a newcomer would.
void Exchange::knock_at_strangers(runtime::Instant now) {
  if (said_.progress.phase != Phase::kTraining || !strangers_heard_of_.any()) return;
  if (random_.below(members().living().size()) >= kAskersInGroup) return;
  const auto stranger = strangers_heard_of_.ask(random_, now);
  if (!stranger || guests_.contains(stranger->peer)) return;  // it asks us
  knocks_[kDoor].push_back(
      encode(options_.self, Hello{.self = options_.contact, .terms = options_.terms}));
  knocked_.insert(kDoor);
  Contact contact;
  contact.id = kDoor;
  contact.address = stranger->address;
  dials_.push_back(std::move(contact));
}

bool Exchange::asked(runtime::PeerId stranger, runtime::Instant now) const {
  return !members().contains(stranger) && strangers_heard_of_.asked(stranger, now);
}

// Who is there hears one connection of ours at a time, and a member's or a guest's own is opened
// next.
void Exchange::close_door() {
  knocks_.erase(kDoor);
  std::erase_if(dials_, [](const Contact& contact) { return contact.id == kDoor; });
  if (knocked_.erase(kDoor) > 0) partings_.push_back(kDoor);
}

// Who is known already, dead or alive, is not made another by a stranger's word.
void Exchange::meet_strangers(const Roster& roster, runtime::Instant now) {
  if (said_.progress.phase != Phase::kTraining || roster.progress.phase != Phase::kTraining) return;
  std::vector<Contact> strangers;
  for (const Contact& contact : roster.contacts)
    if (!members().contains(contact.id)) strangers.push_back(contact);
  meet(strangers, true, now);
  // Both sides of each other, at once: who is asked by one of whom it does not know keeps silent,
  // and would soon be suspected.
  for (const runtime::PeerId peer : members().living())
    if (peer != options_.self.id) talk(peer).want_roster();
}

}  // namespace gossip
