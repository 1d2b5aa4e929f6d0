#pragma once
// The networks that have a name.

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "models/catalog.h"
#include "models/layers/build.h"
#include "models/network.h"
#include "runtime/result.h"

namespace models {

[[nodiscard]] std::span<const CatalogEntry> known_models();

// The samples that a network of this name is mostly given: digits of 28x28, colours of 32x32, or
// 64 characters.
[[nodiscard]] ImageShape usual_input(std::string_view kind);
// The network of this name on such samples: ten classes, or 65 kinds of characters.
[[nodiscard]] NetworkSpec usual_spec(std::string_view kind);

// The layers of the network called `kind`; of texts, classes are the vocabulary. An unknown name is
// refused with the known ones.
[[nodiscard]] runtime::Result<std::vector<LayerSpec>> zoo_layers(std::string_view kind,
                                                                 std::size_t classes);

}  // namespace models
