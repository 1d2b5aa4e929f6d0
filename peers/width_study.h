#pragma once
// `murmur width-study`: whether networks that are wide and shallow take larger batches than narrow,
// deep ones of as many parameters (Chen, Wang, Zhao, Papailiopoulos & Koutris 2018). Of each shape
// it measures B_S, up to which samples of a batch are worth their number, and in how many passes
// over the data SGD comes to an accuracy with batches of several sizes.

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "models/network.h"
#include "peers/config.h"
#include "runtime/result.h"
#include "runtime/stop_signal.h"

namespace peers {

struct WidthStudyOptions {
  std::size_t parameters = 20'000;                    // about as many has every network
  std::vector<std::size_t> depths = {2, 3, 4, 6, 8};  // dense layers, the last one included
  std::vector<std::size_t> batches = {8, 16, 32, 64, 128, 256, 512};  // ascending
  std::vector<std::string> before = {};  // layers in front of the dense ones
  double target = 0.9;                   // accuracy on the test set
  double epochs_max = 20.0;              // until it is given up
  std::size_t seeds = 3;                 // from the config's on
};

// One shape; means over the seeds.
struct WidthRow {
  std::size_t depth = 0;
  std::size_t width = 0;  // of the hidden layers
  std::size_t parameters = 0;
  double noise_at_start = 0.0;  // B_S
  double noise_on_way = 0.0;    // until the smallest batch is at the target; sums of all its parts
  std::vector<std::optional<double>> epochs =
      {};  // to the target, by batch; none: some seed missed it
  // The largest batch, of those in an unbroken row from the smallest, that needs at most a quarter
  // more passes than the smallest; 0: that one missed the target.
  std::size_t batch_max = 0;
};

// Plain SGD of one peer on the config's data; its learning rate is that of the smallest batch, that
// of another is longer in proportion, as the theory has it (Yin et al. 2018): then a batch of no
// more than B_S needs as many passes as single samples. `progress`: runs done, and how many there
// are. Refused: a config without a network's data, shapes that cannot be built. Stopped: no rows.
[[nodiscard]] runtime::Result<std::vector<WidthRow>> width_study(
    const Config& config, const WidthStudyOptions& options, const runtime::StopSignal& stop,
    const std::function<void(std::size_t, std::size_t)>& progress);

// The layers of a network: `before`, then `depth` dense ones, the hidden ones `width` wide, with
// ReLU between them.
[[nodiscard]] std::vector<std::string> layers_of(const std::vector<std::string>& before,
                                                 std::size_t depth, std::size_t width,
                                                 std::size_t classes);
// The width at which such a network has as nearly as can be so many parameters, where the first
// dense layer has `inputs`; 0: not even one of width 1 is that small.
[[nodiscard]] std::size_t width_of(std::size_t parameters, std::size_t depth, std::size_t inputs,
                                   std::size_t classes);

// The table, a row a shape; with `json` as one object. Returns the exit status.
[[nodiscard]] int width_study_command(const Config& config, const WidthStudyOptions& options,
                                      bool json);

}  // namespace peers
