#pragma once
// What the peers of a run start from.

#include <string>
#include <vector>

#include "models/network.h"
#include "peers/config.h"
#include "runtime/result.h"

namespace peers {

struct Start {
  std::vector<float> estimate;     // of all parameters, the same at every peer
  std::vector<std::string> notes;  // for a person: what model.init had, had not, and had for nobody
};

// Drawn from the seed, then whatever model.init has for it.
[[nodiscard]] runtime::Result<Start> start_of(const Config& config, const models::Network& network);

}  // namespace peers
