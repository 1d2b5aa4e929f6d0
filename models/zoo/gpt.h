#pragma once

#include <cstddef>
#include <vector>

#include "models/layers/build.h"

namespace models {

// A small GPT for characters: token and position tables, four blocks of causal attention (four
// heads) and a GELU MLP on 128 channels, each behind a layer normalisation, and a last linear layer
// of its own, not tied to the token table. Parameters are named as in GPT-2's ("transformer.wte",
// "transformer.h.0.attn.c_attn"), with matrices as PyTorch's Linear has them. (Radford et al.
// 2019.)
[[nodiscard]] std::vector<LayerSpec> gpt_mini(std::size_t vocabulary);

}  // namespace models
