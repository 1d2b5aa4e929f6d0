#include "kernels/vector.h"

#include <cstring>

#include "kernels/vector/loops.h"

namespace kernels::vector {
namespace {

InstructionSets find_available() {
  InstructionSets found{{&kPlain, nullptr, nullptr}, 1};
#if defined(__x86_64__)
  // The features that v3 and v4 name; the compilers of Debian 12 do not know the levels themselves.
  const bool v3 = __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0 &&
                  __builtin_cpu_supports("bmi") != 0 && __builtin_cpu_supports("bmi2") != 0;
  const bool v4 =
      v3 && __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
      __builtin_cpu_supports("avx512cd") != 0 && __builtin_cpu_supports("avx512dq") != 0 &&
      __builtin_cpu_supports("avx512vl") != 0;
  if (v3) found.sets[found.count++] = &kV3;
  if (v4) found.sets[found.count++] = &kV4;
#endif
  return found;
}

const InstructionSet& best() {
  const InstructionSets& all = available();
  return *all.sets[all.count - 1];
}

// Calls action(loops, T) for the type that the view says.
template <typename Action>
auto with_loops(Scalar scalar, Action action) {
  CHECK(is_real(scalar));
  if (scalar == Scalar::kF32) return action(best().f32, float{});
  return action(best().f64, double{});
}

void check_alike(const ConstView& x, const ConstView& y) {
  CHECK(x.count() == y.count() && x.scalar() == y.scalar());
}

}  // namespace

const InstructionSets& available() {
  static const InstructionSets found = find_available();
  return found;
}

std::string_view instruction_set() { return best().name; }

void fill(double a, View x) {
  with_loops(x.scalar(), [&](const auto& loops, auto zero) {
    using T = decltype(zero);
    loops.fill(static_cast<T>(a), x.as<T>().data(), x.count());
  });
}

void copy(ConstView x, View y) {
  check_alike(x, y);
  if (!x.empty() && x.data() != y.data()) std::memcpy(y.data(), x.data(), x.bytes());
}

void scale(double a, View x) { scaled_copy(a, x, x); }

void scaled_copy(double a, ConstView x, View y) {
  check_alike(x, y);
  with_loops(x.scalar(), [&](const auto& loops, auto zero) {
    using T = decltype(zero);
    loops.scaled_copy(static_cast<T>(a), x.as<T>().data(), y.as<T>().data(), x.count());
  });
}

void axpy(double a, ConstView x, View y) {
  check_alike(x, y);
  with_loops(x.scalar(), [&](const auto& loops, auto zero) {
    using T = decltype(zero);
    loops.axpy(static_cast<T>(a), x.as<T>().data(), y.as<T>().data(), x.count());
  });
}

void accumulate(double a, double b, View x, View y) {
  check_alike(x, y);
  with_loops(x.scalar(), [&](const auto& loops, auto zero) {
    using T = decltype(zero);
    loops.accumulate(static_cast<T>(a), static_cast<T>(b), x.as<T>().data(), y.as<T>().data(),
                     x.count());
  });
}

void accumulate_squares(double a, double b, ConstView x, View y) {
  check_alike(x, y);
  with_loops(x.scalar(), [&](const auto& loops, auto zero) {
    using T = decltype(zero);
    loops.accumulate_squares(static_cast<T>(a), static_cast<T>(b), x.as<T>().data(),
                             y.as<T>().data(), x.count());
  });
}

void divide_by_root(double a, double epsilon, ConstView x, View y) {
  check_alike(x, y);
  with_loops(x.scalar(), [&](const auto& loops, auto zero) {
    using T = decltype(zero);
    loops.divide_by_root(static_cast<T>(a), static_cast<T>(epsilon), x.as<T>().data(),
                         y.as<T>().data(), x.count());
  });
}

void weighted_sum(double a, ConstView x, double b, ConstView y, View out) {
  check_alike(x, y);
  check_alike(x, out);
  with_loops(x.scalar(), [&](const auto& loops, auto zero) {
    using T = decltype(zero);
    loops.weighted_sum(static_cast<T>(a), x.as<T>().data(), static_cast<T>(b), y.as<T>().data(),
                       out.as<T>().data(), x.count());
  });
}

double dot(ConstView x, ConstView y) {
  check_alike(x, y);
  return with_loops(x.scalar(), [&](const auto& loops, auto zero) {
    using T = decltype(zero);
    return loops.dot(x.as<T>().data(), y.as<T>().data(), x.count());
  });
}

bool all_finite(ConstView x) {
  return with_loops(x.scalar(), [&](const auto& loops, auto zero) {
    return loops.all_finite(x.as<decltype(zero)>().data(), x.count());
  });
}

}  // namespace kernels::vector
