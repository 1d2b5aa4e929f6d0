#pragma once

#include <cstddef>
#include <vector>

#include "runtime/random.h"

namespace models {

// `count` shares that sum to 1, from the symmetric Dirichlet distribution: nearly equal for a large
// alpha, nearly all in one share for a small one. alpha in [1e-6, 1e6]. The same bits on every
// machine: logarithm and exponential are computed here, since those of the C libraries differ in
// their last bit.
[[nodiscard]] std::vector<double> draw_dirichlet(double alpha, std::size_t count,
                                                 runtime::Random& random);

}  // namespace models
