#pragma once
// Vector algebra on host memory, for whoever has no device at hand: the cpu backend, and the gossip
// thread that adds arrivals up. Compiled for x86-64-v2, v3 and v4 and chosen once for the processor
// that runs. Thread-safe (pure). f32 and f64; x and y of one type and size.

#include <cstddef>
#include <string_view>

#include "kernels/view.h"

namespace kernels::vector {

[[nodiscard]] std::string_view instruction_set();  // "x86-64-v2" | "x86-64-v3" | "x86-64-v4"

void fill(double a, View x);
void copy(ConstView x, View y);
void scale(double a, View x);
void scaled_copy(double a, ConstView x, View y);  // y = a x
void axpy(double a, ConstView x,
          View y);  // y = a x + y, product rounded before the sum (no fused multiply-add)
void accumulate(double a, double b, View x, View y);  // y = b y + x, then x = a y; rounded as axpy
// y = b y + a x^2 and y = a y / (sqrt(x) + epsilon): each product, sum, root and quotient rounded
void accumulate_squares(double a, double b, ConstView x, View y);
void divide_by_root(double a, double epsilon, ConstView x, View y);
// out = a x + b y, which out may be: both products and the sum rounded
void weighted_sum(double a, ConstView x, double b, ConstView y, View out);
[[nodiscard]] double dot(
    ConstView x, ConstView y);  // in f64; the order of the sum depends on the instruction set
[[nodiscard]] bool all_finite(ConstView x);  // no NaN, no infinity

}  // namespace kernels::vector
