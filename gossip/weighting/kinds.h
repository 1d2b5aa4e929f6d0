#pragma once
// One weighting a file; gossip/weighting.cc lists them by name.

#include <memory>

#include "gossip/weighting.h"

namespace gossip {

using MadeWeighting = runtime::Result<std::unique_ptr<Weighting>>;

[[nodiscard]] MadeWeighting make_uniform(const WeightingOptions& options);
[[nodiscard]] MadeWeighting make_moreau(const WeightingOptions& options);

}  // namespace gossip
