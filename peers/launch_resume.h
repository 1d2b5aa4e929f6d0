#pragma once

#include <string>
#include <vector>

#include "peers/config.h"
#include "runtime/log.h"

namespace peers {

// What each of `count` launched peers is told beside its config where checkpoint.resume is "auto":
// one without a checkpoint of its own begins with the estimate and at the step of the one that is
// furthest; in step all begin at the round of the one that is furthest behind, since they must
// agree on it. Nothing, for each, where there is no checkpoint at all.
[[nodiscard]] std::vector<std::vector<std::string>> resume_arguments(const Config& config,
                                                                     std::size_t count,
                                                                     const runtime::Log& log);

}  // namespace peers
