#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/clock.h"

namespace peers {

// What a launcher shows of one peer while it runs.
struct PeerRow {
  std::string name;
  std::string state = "starting";  // starting, training, done, failed (1), killed (137), ...
  std::string loud = {};           // alone, starved, ...: shown instead of the state
  double epoch = 0.0;
  std::uint64_t step = 0;
  double loss = 0.0;
  std::optional<double> accuracy;
  double weight = 1.0;
  double samples_per_second = 0.0;
};

// Progress on standard error: on a terminal a table redrawn in place, in a pipe one plain line at a
// time.
class LiveTable {
 public:
  LiveTable(std::string title, runtime::Instant start);

  // Draws if enough time has passed since the last drawing, or `now_please`.
  void draw(const std::vector<PeerRow>& rows, runtime::Instant now, bool now_please = false);

 private:
  void draw_table(const std::vector<PeerRow>& rows, double seconds);
  void draw_line(const std::vector<PeerRow>& rows, double seconds);

  std::string title_;
  runtime::Instant start_;
  runtime::Instant drawn_at_;
  bool terminal_;
  std::size_t lines_drawn_ = 0;
};

}  // namespace peers
