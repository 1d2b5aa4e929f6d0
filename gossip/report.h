#pragma once
// What anybody who may knock can ask of a peer that runs (`murmur status`, `murmur stop`), and what
// it answers. Neither touches mass.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "gossip/contact.h"
#include "gossip/members.h"
#include "gossip/standing.h"

namespace gossip {

struct Inquiry {
  enum class Kind : std::uint8_t {
    kStatus,  // a Report, please
    kLeave,   // leave the run, please: answered by a Report that says so, or by a Rejection
  };
  Kind kind = Kind::kStatus;
};

// What passes between this peer and one other. Rates are of the last seconds, quantiles of the last
// RecentValues.
struct EdgeReport {
  double bytes_sent_per_second = 0.0;
  double bytes_received_per_second = 0.0;
  std::uint64_t parcels_in_flight = 0;
  double age_rounds_p50 = 0.0;  // of parcels that came: own round minus the sender's
  double age_rounds_p99 = 0.0;
  double round_trip_seconds_p50 = 0.0;  // of probes; 0: none was answered yet
  double round_trip_seconds_p99 = 0.0;
  std::uint64_t refused = 0;  // messages of this peer, so far
  std::uint64_t clipped = 0;  // parcels of this peer that were taken in part, so far
};

// Another member as this peer sees it.
struct MemberReport {
  runtime::PeerId id{};
  std::uint64_t incarnation = 0;  // 0: not known
  std::string name{};
  MemberState state = MemberState::kAlive;
  Progress progress{};
  bool frozen = false;          // it answers, and does not train although it should
  double silent_seconds = 0.0;  // since the last sign of life
  EdgeReport edge{};
};

// How large a batch is worth its samples: B_S of one group of layers, of this peer's samples and of
// all peers'. 0: not known, or without bound.
struct NoiseReport {
  std::string group{};
  double local = 0.0;
  double global = 0.0;
  bool operator==(const NoiseReport&) const = default;
};

inline constexpr std::size_t kNoiseReportsMax = 16;
inline constexpr std::size_t kReportedMax = 128;  // members of one report; more are counted only

struct Report {
  Contact self;
  std::string terms;  // of the run
  Progress progress;
  std::uint64_t steps = 0;  // to take
  double epoch = 0.0;
  double loss = 0.0;
  double learning_rate = 0.0;
  double samples_per_second = 0.0;
  std::string precision{};           // of layers' products, for a person: "f32 (bf16 asked)"
  std::uint64_t batch = 0;           // samples of this peer's step
  std::vector<NoiseReport> noise{};  // of all parameters first; empty: not measured
  double weight = 0.0;
  double weight_in_flight = 0.0;
  double blocked_seconds = 0.0;
  double age_rounds_p50 = 0.0;
  double age_rounds_p99 = 0.0;
  std::uint64_t parcels_skipped = 0;
  std::uint64_t messages_refused = 0;
  std::uint64_t parcels_clipped = 0;
  bool leaving = false;
  Standing standing = Standing::kFine;
  std::uint64_t members_living = 1;     // this peer included
  std::uint64_t members_known = 1;      // those that are gone as well
  std::vector<MemberReport> members{};  // the living first; without this peer
};

}  // namespace gossip
