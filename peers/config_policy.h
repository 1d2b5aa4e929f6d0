#pragma once

#include <vector>

#include "peers/config_checks.h"

namespace peers {

// What of [policy] must fit together, and with the rest: parts that make no sense beside each other
// are refused with the reason.
void check_policy(const Config& config, std::vector<Problem>& problems);

}  // namespace peers
