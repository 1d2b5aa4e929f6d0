#pragma once
// An edge as `murmur status --json` and metrics.jsonl have it (docs/outputs.md).

#include <nlohmann/json.hpp>

#include "gossip/report.h"
#include "peers/json_number.h"

namespace peers {

[[nodiscard]] inline nlohmann::ordered_json to_json(const gossip::EdgeReport& edge) {
  return {{"bytes_sent_per_second", json_number(edge.bytes_sent_per_second)},
          {"bytes_received_per_second", json_number(edge.bytes_received_per_second)},
          {"parcels_in_flight", edge.parcels_in_flight},
          {"age_rounds_p50", json_number(edge.age_rounds_p50)},
          {"age_rounds_p99", json_number(edge.age_rounds_p99)},
          {"round_trip_seconds_p50", json_number(edge.round_trip_seconds_p50)},
          {"round_trip_seconds_p99", json_number(edge.round_trip_seconds_p99)},
          {"refused", edge.refused}};
}

}  // namespace peers
