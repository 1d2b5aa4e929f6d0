#include "models/zoo/logistic.h"

namespace models {

std::vector<LayerSpec> logistic(std::size_t classes) { return {DenseSpec{classes}}; }

}  // namespace models
