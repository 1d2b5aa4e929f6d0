#include "models/zoo/mlp.h"

namespace models {

std::vector<LayerSpec> mlp(std::size_t classes) {
  return {
      DenseSpec{512},     ReluSpec{},  //
      DenseSpec{256},     ReluSpec{},  //
      DenseSpec{classes},
  };
}

}  // namespace models
