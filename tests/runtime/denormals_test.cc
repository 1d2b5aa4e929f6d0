// Numbers too small for a whole significand are zero to whom asked for it, and to nobody else.
#include <limits>
#include <thread>

#include "runtime/denormals.h"
#include "tests/support/catch.h"

namespace {

constexpr float kSmallest = std::numeric_limits<float>::min();

struct Products {
  float result = 0.0F;   // a small number of two that are not
  float operand = 0.0F;  // one, of a number that is small
};

Products products() {
  const volatile float smallest = kSmallest;
  const volatile float denormal = std::numeric_limits<float>::denorm_min();
  return {.result = smallest * 0.5F, .operand = denormal * 0x1p30F};
}

}  // namespace

TEST_CASE("denormals are zero on the thread that asks and on those it begins") {
  Products asked;
  Products begun;
  Products other;
  std::thread asking([&] {
    runtime::flush_denormals();
    asked = products();
    std::thread([&] { begun = products(); }).join();
  });
  asking.join();
  std::thread([&] { other = products(); }).join();
#if defined(__x86_64__)
  CHECK(asked.result == 0.0F);
  CHECK(asked.operand == 0.0F);
  CHECK(begun.result == 0.0F);
  CHECK(begun.operand == 0.0F);
#endif
  CHECK(other.result == kSmallest / 2.0F);
  CHECK(other.operand > 0.0F);
}

TEST_CASE("what is as large as it should be is left alone") {
  float normal = 0.0F;
  std::thread([&] {
    runtime::flush_denormals();
    const volatile float two = 2.0F;
    normal = kSmallest * two;
  }).join();
  CHECK(normal == 2.0F * kSmallest);
}
