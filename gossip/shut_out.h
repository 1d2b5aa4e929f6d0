#pragma once
// Who says too much that has to be refused is not listened to for a while.

#include <cstddef>
#include <cstdint>
#include <map>

#include "gossip/wire.h"
#include "runtime/clock.h"
#include "runtime/peer_id.h"

namespace gossip {

// Whether an honest peer of this version never gives cause for it. What may come of news that is
// late (from the dead, of strangers, of other runs) is no offence.
[[nodiscard]] bool is_offence(Refusal refusal);

class ShutOut {
 public:
  static constexpr runtime::Duration kWindow{10'000'000'000};  // offences are counted within
  static constexpr runtime::Duration kTerm{60'000'000'000};    // nothing is heard for so long
  static constexpr std::size_t kRecordsMax = 1024;  // the oldest gives way: who it was of starts
                                                    // with a clean slate

  // `offences_max` within a window are forgiven; 0: all of them, always.
  explicit ShutOut(std::uint64_t offences_max) : offences_max_(offences_max) {}

  // One more. True: it was one too many, and `peer` is shut out from now on.
  bool offended(runtime::PeerId peer, runtime::Instant now);
  [[nodiscard]] bool contains(runtime::PeerId peer, runtime::Instant now) const;

 private:
  struct Record {
    runtime::Instant since{};  // the window's begin, or that of the term
    std::uint64_t offences = 0;
    bool shut_out = false;
  };
  void make_room();

  std::uint64_t offences_max_;
  std::map<runtime::PeerId, Record> records_;
};

}  // namespace gossip
