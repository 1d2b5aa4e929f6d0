#include "gossip/shut_out.h"

#include <algorithm>

#include "runtime/check.h"

namespace gossip {

bool is_offence(Refusal refusal) {
  switch (refusal) {
    case Refusal::kMalformed:
    case Refusal::kWrongSender:
    case Refusal::kWrongBlock:
    case Refusal::kWrongCodec:
    case Refusal::kImpossibleWeight:
    case Refusal::kWrongChecksum:
    case Refusal::kNotFinite:
    case Refusal::kOutOfWindow:
    case Refusal::kOutlier:
      return true;
    case Refusal::kWrongVersion:
    case Refusal::kOtherRun:
    case Refusal::kUnknownPeer:
    case Refusal::kFromTheDead:
    case Refusal::kUnauthorized:
    case Refusal::kShutOut:
    case Refusal::kTooOften:
      return false;
  }
  CHECK(false);
}

void ShutOut::make_room() {
  if (records_.size() < kRecordsMax) return;
  const auto since = [](const auto& entry) { return entry.second.since; };
  records_.erase(std::ranges::min_element(records_, {}, since));
}

bool ShutOut::offended(runtime::PeerId peer, runtime::Instant now) {
  if (offences_max_ == 0 || contains(peer, now)) return false;
  if (!records_.contains(peer)) make_room();
  Record& record = records_.try_emplace(peer, Record{.since = now}).first->second;
  if (record.shut_out || now - record.since > kWindow) record = {.since = now};
  if (++record.offences <= offences_max_) return false;
  record = {.since = now, .offences = 0, .shut_out = true};
  return true;
}

bool ShutOut::contains(runtime::PeerId peer, runtime::Instant now) const {
  const auto found = records_.find(peer);
  return found != records_.end() && found->second.shut_out && now - found->second.since < kTerm;
}

}  // namespace gossip
