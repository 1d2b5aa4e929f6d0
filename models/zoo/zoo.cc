#include "models/zoo/zoo.h"

#include <fmt/format.h>

#include <array>

#include "models/zoo/lenet5.h"
#include "models/zoo/logistic.h"
#include "models/zoo/mlp.h"

namespace models {
namespace {

constexpr std::array<CatalogEntry, 3> kModels{{
    {"lenet5", "two convolutions and three dense layers, for images of about 28x28"},
    {"logistic", "one dense layer: the linear baseline"},
    {"mlp", "dense layers of 512 and 256 with ReLU"},
}};

}  // namespace

std::span<const CatalogEntry> known_models() { return kModels; }

runtime::Result<std::vector<LayerSpec>> zoo_layers(std::string_view kind, std::size_t classes) {
  if (kind == "lenet5") return lenet5(classes);
  if (kind == "logistic") return logistic(classes);
  if (kind == "mlp") return mlp(classes);
  return runtime::Error{
      fmt::format("unknown model \"{}\": expected one of {}", kind, names_of(known_models()))};
}

}  // namespace models
