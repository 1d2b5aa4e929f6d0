#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace peers {

// The point of least norm in the convex hull of vectors u_1, ..., u_n, of which only the inner
// products are known: the lambda >= 0 with sum 1 that minimise |sum_c lambda_c u_c|^2. `gram`: n
// rows of n, as of any n vectors. Then <u_c, d> >= |d|^2 for every c, with equality where lambda_c
// is not 0: d descends for all. Where several lambda give that d, it is one of them.
//
// Weight goes from the vector that holds d back most to the one that shortens it most, as much as
// is best, until no pair differs: converges linearly, where Frank and Wolfe's steps towards one
// vector alone (Sener & Koltun 2018, which FedAWARE's authors use) creep.
[[nodiscard]] std::vector<double> min_norm_weights(std::span<const double> gram, std::size_t n);

}  // namespace peers
