#pragma once
// Parts of a report as `murmur status --json` and metrics.jsonl have them (docs/outputs.md).

#include <nlohmann/json.hpp>
#include <vector>

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
          {"refused", edge.refused},
          {"clipped", edge.clipped}};
}

[[nodiscard]] inline nlohmann::ordered_json to_json(const gossip::NoiseReport& noise) {
  return {{"group", noise.group},
          {"noise_scale_local", known_number(noise.local)},
          {"noise_scale_global", known_number(noise.global)}};
}

// A list of such objects.
template <typename Reported>
[[nodiscard]] nlohmann::ordered_json to_json(const std::vector<Reported>& all) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Reported& reported : all) list.push_back(to_json(reported));
  return list;
}

}  // namespace peers
