#pragma once
// One weighting a file; gossip/weighting.cc lists them by name.

#include <memory>

#include "gossip/weighting.h"
#include "runtime/result.h"

namespace gossip {

using MadeWeighting = runtime::Result<std::unique_ptr<Weighting>>;

[[nodiscard]] MadeWeighting make_uniform(const WeightingOptions& options);
[[nodiscard]] MadeWeighting make_moreau(const WeightingOptions& options);
[[nodiscard]] MadeWeighting make_metropolis(const WeightingOptions& options);
[[nodiscard]] MadeWeighting make_constant(const WeightingOptions& options);

// Refuses a topology that has shares of its own, which weighting `name` would overrule.
[[nodiscard]] runtime::Status check_prescribes_none(const Topology& topology,
                                                    std::string_view name);

}  // namespace gossip
