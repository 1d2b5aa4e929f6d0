// The part of Exchange that lets newcomers in and keeps track of who is there.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <utility>

#include "gossip/exchange.h"
#include "runtime/random.h"

namespace gossip {
namespace {

std::map<std::string, std::string> settings_of(const std::string& terms) {
  std::map<std::string, std::string> settings;
  std::istringstream lines(terms);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t equals = line.find(" = ");
    if (equals != std::string::npos) settings[line.substr(0, equals)] = line.substr(equals + 3);
  }
  return settings;
}

// One line a setting that differs, for the person who started the newcomer.
std::string difference(const std::string& ours, const std::string& theirs) {
  const auto here = settings_of(ours);
  auto there = settings_of(theirs);
  std::string lines;
  for (const auto& [key, value] : here) {
    const std::string other = there.contains(key) ? there.at(key) : "nothing";
    if (other != value)
      lines += fmt::format("\n    {}: this peer has {}, the run {}", key, other, value);
  }
  return lines;
}

}  // namespace

// Made when it is asked for: with thousands of members, most changes pass unsaid.
const Said& Exchange::said() {
  if (!std::exchange(said_stale_, false)) return said_;
  said_.contacts.clear();
  said_.roster = 0;
  for (const runtime::PeerId peer : members().living()) {
    said_.roster = runtime::mix_bits(said_.roster ^ runtime::value_of(peer));
    const Contact* known = contact_of(peer);
    if (known != nullptr && !known->address.control.empty()) {
      said_.contacts.push_back(*known);
    } else if (const auto incarnation = peer == options_.self.id
                                            ? std::optional(options_.self.incarnation)
                                            : membership_.incarnation_of(peer);
               incarnation && options_.reached_by_number) {
      Contact contact;
      contact.id = peer;
      contact.incarnation = *incarnation;
      said_.contacts.push_back(std::move(contact));
    }
  }
  return said_;
}

std::string Exchange::name_of(runtime::PeerId peer) const {
  const auto known = contacts_.find(peer);
  return known == contacts_.end() ? std::string() : known->second.name;
}

void Exchange::meet(const std::vector<Contact>& contacts, bool as_newcomer, runtime::Instant now) {
  for (const Contact& contact : contacts) {
    if (contact.id == options_.self.id || !is_authorized(contact)) continue;
    if (!members().contains(contact.id)) {
      add_member(contact, now);
    } else {
      contacts_.insert_or_assign(contact.id, contact);
      dials_.push_back(contact);
    }
    if (as_newcomer) unanswered_.insert(contact.id);
  }
  said_.hello = {.self = options_.contact, .terms = options_.terms, .ready = true};
  for (const runtime::PeerId peer : unanswered_) talk(peer).want_hello();
  said_stale_ = true;
}

void Exchange::add_member(const Contact& contact, runtime::Instant now) {
  guests_.dismiss(contact.id);
  talking_.erase(contact.id);
  lanes_.erase(contact.id);
  static_cast<void>(lane(contact.id).recognises(contact.incarnation));
  membership_.joined(contact.id, contact.incarnation, now);
  contacts_.insert_or_assign(contact.id, contact);
  strangers_heard_of_.forget(contact.id);
  if (view_) view_->heard_of(contact.id);
  close_door();
  knocks_.erase(contact.id);
  std::erase(partings_, contact.id);
  dials_.push_back(contact);
  events_.emplace_back(event_of(contact.id, MemberState::kAlive, "joined"));
  said_stale_ = true;
}

void Exchange::hear(const Sender& from, const Hello& hello, runtime::Instant now) {
  const Contact& contact = hello.self;
  if (from.id == options_.self.id || contact.incarnation != from.incarnation)
    return refuse(from.id, Refusal::kWrongSender);
  if (!is_authorized(contact)) return refuse(from.id, Refusal::kUnauthorized);
  if (from.fingerprint != options_.self.fingerprint) {
    refuse(from.id, Refusal::kOtherRun);
    return reject(contact, "the run differs in" + difference(options_.terms, hello.terms), now);
  }
  // Whoever of a newcomer's id has not been heard yet is a former self, which died before it was.
  const bool newcomer = !hello.ready || guests_.contains(from.id);
  if (is_living(from.id) && (!newcomer || membership_.incarnation_of(from.id)) &&
      recognises(from)) {
    membership_.heard(from.id, now);
    talk(from.id).want_roster();
    return;
  }
  // Said before it died, or a hello of a former self that comes late or again.
  const bool died = members().contains(from.id) && !is_living(from.id) &&
                    membership_.incarnation_of(from.id) == from.incarnation;
  if (died || is_outlived(contact)) return refuse(from.id, Refusal::kFromTheDead);
  if (!options_.admits)
    return reject(contact,
                  "its list of members is fixed (gossip.pace = \"sync\", or a topology file)", now);
  // One that was taken for dead while it stood still comes back also when all wait for the last.
  const bool returns = hello.ready && members().contains(from.id);
  const Phase phase = said_.progress.phase;
  if (phase != Phase::kTraining && (!returns || phase == Phase::kDrained))
    return reject(contact, "it has finished training", now);
  if (!hello.ready) return answer(contact, now);
  admit(contact, now);
}

void Exchange::admit(const Contact& contact, runtime::Instant now) {
  // It came back before its silence was noticed: what it was is gone.
  if (is_living(contact.id)) {
    // News of a life that nobody can name would be taken for news of the next one.
    if (membership_.incarnation_of(contact.id))
      membership_.left(contact.id);
    else
      membership_.removed(contact.id);
    part_from(contact.id, MemberState::kDead, "started again");
  }
  add_member(contact, now);
  for (const runtime::PeerId peer : members().living())
    if (peer != options_.self.id) talk(peer).want_roster();
}

// Guests are dialled back: what a peer listens at is for what comes in only. Again with every
// hello: another life of the guest may say it, from elsewhere.
bool Exchange::let_in(const Contact& guest, runtime::Instant now) {
  if (!guests_.contains(guest.id)) {
    if (!guests_.admit(guest.id, now)) return false;  // no room: it knocks again
    close_door();
    knocks_.erase(guest.id);
    std::erase(partings_, guest.id);
  }
  dials_.push_back(guest);
  return true;
}

void Exchange::answer(const Contact& guest, runtime::Instant now) {
  if (!let_in(guest, now)) return;
  // Without addresses, who can be told of is also who has been heard since this was made.
  said_stale_ = said_stale_ || options_.reached_by_number;
  const std::vector<Contact>& contacts = said().contacts;
  for (std::size_t begin = 0; begin < std::max<std::size_t>(1, contacts.size());
       begin += kContactsMax) {
    const std::size_t end = std::min(begin + kContactsMax, contacts.size());
    const auto first = contacts.begin();
    Roster roster{.contacts = {first + static_cast<std::ptrdiff_t>(begin),
                               first + static_cast<std::ptrdiff_t>(end)},
                  .progress = said_.progress};
    guests_.say(guest.id, encode(options_.self, roster));
  }
}

void Exchange::reject(const Contact& contact, std::string reason, runtime::Instant now) {
  if (members().contains(contact.id) || !let_in(contact, now)) return;
  guests_.say(contact.id, encode(options_.self, Rejection{std::move(reason)}));
}

bool Exchange::is_outlived(const Contact& contact) const {
  const auto known = contacts_.find(contact.id);
  if (known != contacts_.end()) return contact.incarnation <= known->second.incarnation;
  // Of members from the start, in virtual time, there is no contact.
  return contact.incarnation <= membership_.incarnation_of(contact.id).value_or(0);
}

// Brings back who has died or left as a newer incarnation only; of the living their own hello says
// so.
void Exchange::hear(const Sender& /*from*/, const Roster& roster, runtime::Instant now) {
  for (const Contact& contact : roster.contacts) {
    const bool self_or_living = contact.id == options_.self.id || is_living(contact.id);
    if (!self_or_living && !is_outlived(contact) && is_authorized(contact))
      add_member(contact, now);
  }
}

bool Exchange::is_authorized(const Contact& contact) const {
  return authorized_ == nullptr || authorized_->contains(contact.address.key);
}

void Exchange::admit_only(std::shared_ptr<const runtime::KeyNames> authorized) {
  authorized_ = std::move(authorized);
  const std::vector<runtime::PeerId> living(members().living().begin(), members().living().end());
  for (const runtime::PeerId peer : living) {
    const auto known = contacts_.find(peer);
    if (peer == options_.self.id || known == contacts_.end() || is_authorized(known->second))
      continue;
    membership_.removed(peer);
    part_from(peer, MemberState::kDead, "key no longer authorized");
  }
}

bool Exchange::is_fresh(runtime::PeerId peer) const {
  return !unanswered_.contains(peer) && members().state(peer) == MemberState::kAlive &&
         ticked_at_ - members().heard_at(peer) <= 2 * options_.probe_interval;
}

std::vector<runtime::PeerId> Exchange::heirs() const {
  std::vector<runtime::PeerId> heirs(members().living().begin(), members().living().end());
  std::rotate(heirs.begin(), std::ranges::upper_bound(heirs, options_.self.id), heirs.end());
  std::erase(heirs, options_.self.id);
  const auto rank = [this](runtime::PeerId heir) {
    return (is_fresh(heir) ? 0 : 2) + (has_room(heir) ? 0 : 1);
  };
  std::ranges::stable_sort(heirs, {}, rank);
  return heirs;
}

void Exchange::hear(const Sender& from, const Request& request, runtime::Instant now) {
  if (guests_.contains(from.id)) guests_.want(from.id, request.block, now);
}

}  // namespace gossip
