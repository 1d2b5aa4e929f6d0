#pragma once
// The networks that have a name.

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "models/catalog.h"
#include "models/layers/build.h"
#include "runtime/result.h"

namespace models {

[[nodiscard]] std::span<const CatalogEntry> known_models();

// The samples that a network of this name is mostly given: digits of 28x28, or colours of 32x32.
[[nodiscard]] ImageShape usual_input(std::string_view kind);

// The layers of the network called `kind`. An unknown name is refused with the known ones.
[[nodiscard]] runtime::Result<std::vector<LayerSpec>> zoo_layers(std::string_view kind,
                                                                 std::size_t classes);

}  // namespace models
