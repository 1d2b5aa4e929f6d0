// Vector algebra on the host: every instruction set that this machine has does what a plain loop
// does, at every length around the width of a register.

#include "kernels/vector.h"

#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "kernels/vector/loops.h"
#include "runtime/random.h"
#include "tests/support/catch.h"

namespace {

namespace vector = kernels::vector;

constexpr std::size_t kLengthMax = 70;
constexpr std::size_t kOffsetMax = 3;  // views need not be aligned to more than a number

template <typename T>
const vector::Loops<T>& loops_of(const vector::InstructionSet& set) {
  if constexpr (std::is_same_v<T, float>)
    return set.f32;
  else
    return set.f64;
}

template <typename T>
std::vector<T> random_numbers(std::size_t count, runtime::Random& random) {
  std::vector<T> numbers(count);
  for (T& number : numbers) number = static_cast<T>(random.uniform(-2.0, 2.0));
  return numbers;
}

// Calls check(loops, offset, length) for every instruction set of this machine, and every length.
template <typename T, typename Check>
void for_all_lengths(Check check) {
  const vector::InstructionSets& all = vector::available();
  REQUIRE(all.count >= 1);
  for (std::size_t set = 0; set < all.count; ++set)
    for (std::size_t offset = 0; offset <= kOffsetMax; ++offset)
      for (std::size_t length = 0; length <= kLengthMax; ++length) {
        CAPTURE(all.sets[set]->name, offset, length);
        check(loops_of<T>(*all.sets[set]), offset, length);
      }
}

// Runs `action(x, y)` on part of y, and checks each number of that part, and that what lies around
// it has not been touched.
template <typename T, typename Action, typename Expected>
void check_elementwise(std::uint64_t seed, Action action, Expected expected) {
  runtime::Random random(seed);
  const std::vector<T> x = random_numbers<T>(kLengthMax + kOffsetMax, random);
  const std::vector<T> y = random_numbers<T>(kLengthMax + kOffsetMax, random);
  for_all_lengths<T>([&](const vector::Loops<T>& loops, std::size_t offset, std::size_t length) {
    std::vector<T> got = y;
    action(loops, x.data() + offset, got.data() + offset, length);
    std::vector<T> want = y;
    for (std::size_t i = offset; i < offset + length; ++i) want[i] = expected(x[i], y[i]);
    CHECK(got == want);
    got = x;  // x and y may be the same
    action(loops, got.data() + offset, got.data() + offset, length);
    want = x;
    for (std::size_t i = offset; i < offset + length; ++i) want[i] = expected(x[i], x[i]);
    CHECK(got == want);
  });
}

}  // namespace

TEMPLATE_TEST_CASE("what works element by element is exact on every instruction set", "", float,
                   double) {
  using T = TestType;
  using Loops = vector::Loops<T>;
  const T a = static_cast<T>(0.1);
  const T w = static_cast<T>(0.7);
  check_elementwise<T>(
      1, [&](const Loops& l, const T*, T* y, std::size_t n) { l.fill(a, y, n); },
      [&](T, T) { return a; });
  check_elementwise<T>(
      2, [&](const Loops& l, const T* x, T* y, std::size_t n) { l.scaled_copy(a, x, y, n); },
      [&](T x, T) { return a * x; });
  check_elementwise<T>(
      3, [&](const Loops& l, const T* x, T* y, std::size_t n) { l.axpy(a, x, y, n); },
      [&](T x, T y) {
        const volatile T product = a * x;  // rounded on its own
        return product + y;
      });
  check_elementwise<T>(
      4,
      [&](const Loops& l, const T* x, T* y, std::size_t n) {
        std::vector<T> added(x, x + n);
        l.accumulate(T{2}, a, added.data(), y, n);
      },
      [&](T x, T y) {
        const volatile T product = a * y;
        return product + x;
      });
  check_elementwise<T>(
      5, [&](const Loops& l, const T* x, T* y, std::size_t n) { l.weighted_sum(a, x, w, y, y, n); },
      [&](T x, T y) {
        const volatile T of_x = a * x;
        const volatile T of_y = w * y;
        return of_x + of_y;
      });
  check_elementwise<T>(
      6,
      [&](const Loops& l, const T* x, T* y, std::size_t n) {
        l.accumulate_squares(a, T{2}, x, y, n);
      },
      [&](T x, T y) {
        const volatile T square = x * x;
        const volatile T product = a * square;
        return T{2} * y + product;
      });
  check_elementwise<T>(
      7,
      [&](const Loops& l, const T* x, T* y, std::size_t n) {
        std::vector<T> squares(x, x + n);
        for (T& value : squares) value *= value;
        l.divide_by_root(a, static_cast<T>(0.5), squares.data(), y, n);
      },
      [&](T x, T y) {
        const volatile T square = x * x;
        const volatile T product = a * y;
        return product / (std::sqrt(square) + static_cast<T>(0.5));
      });
}

TEMPLATE_TEST_CASE("dot is within rounding of a plain sum, the same on every instruction set", "",
                   float, double) {
  using T = TestType;
  runtime::Random random(5);
  const std::vector<T> x = random_numbers<T>(kLengthMax + kOffsetMax, random);
  const std::vector<T> y = random_numbers<T>(kLengthMax + kOffsetMax, random);
  for_all_lengths<T>([&](const vector::Loops<T>& loops, std::size_t offset, std::size_t length) {
    long double sum = 0.0L;
    for (std::size_t i = offset; i < offset + length; ++i)
      sum += static_cast<long double>(x[i]) * static_cast<long double>(y[i]);
    const double got = loops.dot(x.data() + offset, y.data() + offset, length);
    CHECK(std::abs(got - static_cast<double>(sum)) <= 1e-13);
    const vector::InstructionSet& plain = *vector::available().sets[0];
    CHECK(got == loops_of<T>(plain).dot(x.data() + offset, y.data() + offset, length));
  });
}

TEMPLATE_TEST_CASE("one NaN or infinity is found wherever it is", "", float, double) {
  using T = TestType;
  using Limits = std::numeric_limits<T>;
  runtime::Random random(6);
  std::vector<T> x = random_numbers<T>(kLengthMax + kOffsetMax, random);
  for_all_lengths<T>([&](const vector::Loops<T>& loops, std::size_t offset, std::size_t length) {
    for (const T good : {T{0}, -T{0}, Limits::denorm_min(), Limits::max(), Limits::lowest()}) {
      x[offset] = good;
      CHECK(loops.all_finite(x.data() + offset, length));
    }
    for (const T bad : {Limits::quiet_NaN(), Limits::infinity(), -Limits::infinity()})
      for (std::size_t at = 0; at < length; ++at) {
        const T before = x[offset + at];
        x[offset + at] = bad;
        CHECK_FALSE(loops.all_finite(x.data() + offset, length));
        x[offset + at] = before;
      }
  });
}

TEST_CASE("all_finite looks at the whole of a long vector") {
  std::vector<float> x(100000, 1.0F);
  CHECK(vector::all_finite(std::span<const float>(x)));
  for (const std::size_t at : {std::size_t{0}, std::size_t{4096}, std::size_t{99999}}) {
    x[at] = std::numeric_limits<float>::quiet_NaN();
    CHECK_FALSE(vector::all_finite(std::span<const float>(x)));
    x[at] = 1.0F;
  }
}

TEST_CASE("the loops chosen are the best that the processor has") {
  const vector::InstructionSets& all = vector::available();
  CHECK(vector::instruction_set() == all.sets[all.count - 1]->name);
  for (std::size_t i = 0; i < all.count; ++i)
    for (std::size_t j = 0; j < i; ++j)
      CHECK(std::string_view(all.sets[i]->name) > std::string_view(all.sets[j]->name));
}

TEMPLATE_TEST_CASE("the operations on views do what their names say", "", float, double) {
  using T = TestType;
  std::vector<T> x{T{1}, T{-2}, T{3}};
  std::vector<T> y{T{4}, T{5}, T{6}};
  const std::span<const T> from(x);
  const std::span<T> to(y);
  vector::axpy(2.0, from, to);
  CHECK(y == std::vector<T>{T{6}, T{1}, T{12}});
  vector::scale(0.5, to);
  CHECK(y == std::vector<T>{T{3}, T{0.5}, T{6}});
  CHECK(vector::dot(from, to) == 20.0);
  vector::weighted_sum(2.0, from, 0.5, to, to);
  CHECK(y == std::vector<T>{T{3.5}, T{-3.75}, T{9}});
  vector::scaled_copy(3.0, from, to);
  CHECK(y == std::vector<T>{T{3}, T{-6}, T{9}});
  vector::copy(from, to);
  CHECK(y == x);
  vector::fill(7.0, to);
  CHECK(y == std::vector<T>{T{7}, T{7}, T{7}});
}
