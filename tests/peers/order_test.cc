// Whether steps are taken before a push or beside it, by matrices, on the product's own peers.
#include <string>

#include "tests/peers/laboratory.h"
#include "tests/support/config_texts.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

namespace {

using laboratory::combine;
using laboratory::difference;
using laboratory::Laboratory;
using laboratory::Matrix;
using laboratory::multiply;
using laboratory::Numbers;
using laboratory::random_rows;
using laboratory::ring;

constexpr double kRate = 0.05;

std::string policy(const std::string& order) {
  return "[policy]\noptimizer = \"sgd\"\nlearning_rate = 0.05\norder = \"" + order + "\"\n";
}

std::string refusal_beside(const std::string& more) {
  return test::refusal("gossip.pace = \"sync\"\npolicy.order = \"adapt-while-communicate\"\n" +
                       more);
}

}  // namespace

TEST_CASE("a step is averaged with the model, or added to the average of those before it") {
  const Laboratory lab(random_rows(8, 3, -3.0, 3.0, 21), random_rows(8, 3, 0.5, 2.0, 22));
  const Matrix weights = ring(8);
  const std::string graph =
      "topology = \"file\"\ntopology_file = \"" + lab.scratch.write("w.txt", weights) + "\"\n";
  constexpr std::size_t kRounds = 40;
  const auto then = lab.run(graph + policy("adapt-then-combine"), kRounds);
  const auto beside = lab.run(graph + policy("adapt-while-communicate"), kRounds);
  Matrix a(8, Numbers(3, 0.0));
  Matrix b = a;
  for (std::size_t round = 0; round + 1 < kRounds; ++round) {
    REQUIRE(difference(then[round], a) < 1e-12);
    REQUIRE(difference(beside[round], b) < 1e-12);
    a = multiply(weights, combine(1.0, a, -kRate, lab.gradient(a)));
    b = combine(1.0, multiply(weights, b), -kRate, lab.gradient(b));
  }
  CHECK(difference(then[kRounds - 1], beside[kRounds - 1]) > 1e-3);
}

TEST_CASE("a step beside the push is refused where no step may be left out of one") {
  CHECK_THAT(
      test::refusal("policy.order = \"adapt-while-communicate\"\n"),
      Catch::Contains("x.toml:1: policy.order: \"adapt-while-communicate\" leaves the step out"));
  CHECK_THAT(refusal_beside("policy.schedule = \"overlapped\"\n"),
             Catch::Contains("both put off the step"));
  CHECK_THAT(refusal_beside("policy.correction = \"fedaware\"\n"),
             Catch::Contains("all steps among it"));
  CHECK_THAT(refusal_beside("policy.schedule = \"periodic\"\npolicy.participants = 2\n"),
             Catch::Contains("policy.participants stretches"));
  CHECK_THAT(refusal_beside("gossip.protocol = \"liec\"\n"),
             Catch::Contains("it is what is pushed"));
  CHECK_THAT(test::refusal("policy.order = \"adapt\"\n"),
             Catch::Contains("policy.order: expected one of"));
  CHECK(refusal_beside("").empty());
  const peers::Config taken =
      laboratory::parse("gossip.pace = \"sync\"\npolicy.order = \"adapt-while-communicate\"\n");
  CHECK(test::accepted(peers::to_toml(taken)) == taken);
}
