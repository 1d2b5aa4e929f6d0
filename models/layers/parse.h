#pragma once
// A network as a user writes it, one layer a line:
//
//   conv CHANNELS KxK [stride S] [pad P] [groups G] [nobias]
//   dense OUTPUTS
//   maxpool W | avgpool W | globalpool
//   batchnorm | layernorm | relu | gelu | dropout PROBABILITY
//   embedding VOCABULARY WIDTH | positions
//   linear OUTPUTS [nobias]
//   attention HEADS [causal]
//   residual { LAYER, LAYER, ... } [shortcut { LAYER, ... }]

#include <span>
#include <string>
#include <vector>

#include "models/layers/build.h"
#include "runtime/result.h"

namespace models {

// Refused, with the number of the layer and the word: what is none of these.
[[nodiscard]] runtime::Result<std::vector<LayerSpec>> parse_layers(
    std::span<const std::string> lines);

}  // namespace models
