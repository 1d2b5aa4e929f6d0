#include "peers/policies/min_norm.h"

#include <algorithm>

#include "runtime/check.h"

namespace peers {
namespace {

constexpr std::size_t kExchangesPerVector = 1000;
constexpr double kLittle = 1e-12;  // of the largest inner product

}  // namespace

std::vector<double> min_norm_weights(std::span<const double> gram, std::size_t n) {
  CHECK(n > 0 && gram.size() == n * n);
  const auto at = [&](std::size_t i, std::size_t j) { return gram[i * n + j]; };
  std::vector<double> lambda(n, 0.0);
  std::size_t shortest = 0;
  double largest = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    largest = std::max(largest, at(i, i));
    if (at(i, i) < at(shortest, shortest)) shortest = i;
  }
  lambda[shortest] = 1.0;
  std::vector<double> product(n);  // <u_c, d>
  for (std::size_t c = 0; c < n; ++c) product[c] = at(c, shortest);
  for (std::size_t turn = 0; turn < kExchangesPerVector * n; ++turn) {
    std::size_t to = 0;
    std::size_t from = n;  // of those that hold weight
    for (std::size_t c = 0; c < n; ++c) {
      if (product[c] < product[to]) to = c;
      if (lambda[c] > 0.0 && (from == n || product[c] > product[from])) from = c;
    }
    const double gap = product[from] - product[to];
    if (gap <= kLittle * largest) break;
    const double bend = at(to, to) + at(from, from) - 2.0 * at(to, from);
    const double moved = bend > 0.0 ? std::min(lambda[from], gap / bend) : lambda[from];
    lambda[to] += moved;
    lambda[from] = moved < lambda[from] ? lambda[from] - moved : 0.0;
    for (std::size_t c = 0; c < n; ++c) product[c] += moved * (at(c, to) - at(c, from));
  }
  return lambda;
}

}  // namespace peers
