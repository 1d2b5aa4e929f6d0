#include "peers/start.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "models/checkpoint.h"
#include "models/transfer.h"

namespace peers {

runtime::Result<Start> start_of(const Config& config, const models::Network& network) {
  Start start{.estimate = std::vector<float>(network.parameter_count()), .notes = {}};
  network.initialise(config.seed, start.estimate);
  const std::string& file = config.model.init;
  if (file.empty()) return start;
  auto checkpoint = models::read_checkpoint(file);
  if (!checkpoint) return checkpoint.error();
  const auto transfer = models::transfer(*checkpoint, network.tensors(), start.estimate);
  if (!transfer)
    return runtime::Error{fmt::format("model.init: {}: {}", file, transfer.error().message)};
  const auto note = [&](const char* what, const std::vector<std::string>& names) {
    if (names.empty()) return;
    start.notes.push_back(
        fmt::format("model.init: {}: {} {}: {}", file, names.size(), what, fmt::join(names, ", ")));
  };
  note("tensors used", transfer->used);
  note("missing, started from the seed", transfer->missing);
  note("not used", transfer->unused);
  return start;
}

}  // namespace peers
