#include "models/zoo/lenet5.h"

namespace models {

std::vector<LayerSpec> lenet5(std::size_t classes) {
  return {
      ConvSpec{.channels = 6, .kernel = 5, .padding = 2},
      ReluSpec{},
      PoolSpec{},  //
      ConvSpec{.channels = 16, .kernel = 5},
      ReluSpec{},
      PoolSpec{},  //
      DenseSpec{120},
      ReluSpec{},  //
      DenseSpec{84},
      ReluSpec{},  //
      DenseSpec{classes},
  };
}

}  // namespace models
