#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "peers/checkpoint_file.h"
#include "peers/config.h"
#include "runtime/log.h"

namespace peers {

// Whose checkpoints the peers of a run that goes on begin with, by index.
struct Beginnings {
  std::vector<std::size_t> estimates{};  // of each: its own or, without one, that of the furthest
  std::size_t position = 0;              // in step: of the one whose round all begin at
};

// `latest`: what the latest checkpoint of each peer says of it. Empty: nobody has one.
[[nodiscard]] std::optional<Beginnings> beginnings_of(
    std::span<const std::optional<CheckpointNote>> latest);

// What each of `count` launched peers is told beside its config where checkpoint.resume is "auto":
// one without a checkpoint of its own begins with the estimate and at the step of the one that is
// furthest; in step all begin at the round of the one that is furthest behind, since they must
// agree on it. Nothing, for each, where there is no checkpoint at all.
[[nodiscard]] std::vector<std::vector<std::string>> resume_arguments(const Config& config,
                                                                     std::size_t count,
                                                                     const runtime::Log& log);

}  // namespace peers
