#include "models/dirichlet.h"

#include <algorithm>
#include <cmath>

#include "runtime/check.h"

namespace models {
namespace {

using runtime::Random;

constexpr double kLog2 = 0x1.62e42fefa39efp-1;

// x > 0. log(m 2^e) = e log 2 + 2 artanh((m - 1) / (m + 1)); the series' next term is below 2^-53
// for m in [1/sqrt 2, sqrt 2].
double portable_log(double x) {
  int exponent = 0;
  double mantissa = std::frexp(x, &exponent);
  if (mantissa < 0x1.6a09e667f3bcdp-1) {
    mantissa *= 2.0;
    --exponent;
  }
  const double s = (mantissa - 1.0) / (mantissa + 1.0);
  double sum = 0.0;
  for (int odd = 21; odd >= 1; odd -= 2) sum = sum * s * s + 1.0 / odd;
  return exponent * kLog2 + 2.0 * s * sum;
}

// x <= 0; 0 below -700. exp(x) = 2^k exp(r) with r in [0, log 2).
double portable_exp(double x) {
  if (x < -700.0) return 0.0;
  const int k = -static_cast<int>(-x / kLog2) - 1;
  const double r = x - k * kLog2;
  double sum = 1.0;
  for (int n = 20; n >= 1; --n) sum = 1.0 + sum * r / n;
  return std::ldexp(sum, k);
}

double above_zero(Random& random) { return 1.0 - random.uniform(); }  // (0, 1]

double draw_normal(Random& random) {  // Marsaglia's polar method
  while (true) {
    const double u = random.uniform(-1.0, 1.0);
    const double v = random.uniform(-1.0, 1.0);
    const double s = u * u + v * v;
    if (s > 0.0 && s < 1.0) return u * std::sqrt(-2.0 * portable_log(s) / s);
  }
}

// The logarithm of a Gamma(shape, 1) draw, shape >= 1 (Marsaglia and Tsang 2000).
double draw_log_gamma_above_one(double shape, Random& random) {
  const double d = shape - 1.0 / 3.0;
  const double c = 1.0 / std::sqrt(9.0 * d);
  while (true) {
    const double x = draw_normal(random);
    const double root = 1.0 + c * x;
    if (root <= 0.0) continue;
    const double v = root * root * root;
    const double log_v = portable_log(v);
    if (portable_log(above_zero(random)) < 0.5 * x * x + d * (1.0 - v + log_v))
      return portable_log(d) + log_v;
  }
}

// Gamma(a) = Gamma(a + 1) U^(1/a): in logarithms, where a small alpha does not underflow.
double draw_log_gamma(double alpha, Random& random) {
  if (alpha >= 1.0) return draw_log_gamma_above_one(alpha, random);
  return draw_log_gamma_above_one(alpha + 1.0, random) + portable_log(above_zero(random)) / alpha;
}

}  // namespace

std::vector<double> draw_dirichlet(double alpha, std::size_t count, Random& random) {
  CHECK(alpha >= 1e-6 && alpha <= 1e6 && count > 0);
  std::vector<double> shares(count);
  for (double& share : shares) share = draw_log_gamma(alpha, random);
  const double largest = *std::ranges::max_element(shares);
  double sum = 0.0;
  for (double& share : shares) {
    share = portable_exp(share - largest);
    sum += share;
  }
  for (double& share : shares) share /= sum;
  return shares;
}

}  // namespace models
