#pragma once
// One weighting a file; gossip/weighting.cc lists them by name.

#include <memory>

#include "gossip/weighting.h"

namespace gossip {

[[nodiscard]] std::unique_ptr<Weighting> make_uniform(const WeightingOptions& options);

}  // namespace gossip
