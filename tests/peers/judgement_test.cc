#include "peers/judgement.h"

#include <cmath>
#include <vector>

#include "tests/support/catch.h"  // last: it takes over the name CHECK

namespace {

constexpr float kSure = 200.0F;  // its softmax is a one and zeros

float log_of(double p) { return static_cast<float>(std::log(p)); }

}  // namespace

TEST_CASE("one member: accuracy and loss are those of its softmax, and it agrees with itself") {
  peers::Judge judge;
  judge.add(std::vector{log_of(0.7), log_of(0.2), log_of(0.1)}, 3, 0);
  judge.add(std::vector{log_of(0.5), log_of(0.25), log_of(0.25)}, 3, 1);
  const peers::Judgement judged = judge.judgement();
  CHECK(judged.count == 2);
  CHECK(judged.accuracy == 0.5);
  CHECK(judged.loss == Approx(-(std::log(0.7) + std::log(0.25)) / 2));
  CHECK(judged.disagreement == Approx(0.0).margin(1e-12));
  CHECK(judged.entropy == Approx(-(0.7 * std::log(0.7) + 0.2 * std::log(0.2) + 0.1 * std::log(0.1) +
                                   0.5 * std::log(0.5) + 0.5 * std::log(0.25)) /
                                 2));
}

TEST_CASE("two members that are sure of different classes: all entropy is disagreement") {
  peers::Judge judge;
  judge.add(std::vector{kSure, 0.0F, 0.0F, kSure}, 2, 1);
  const peers::Judgement judged = judge.judgement();
  CHECK(judged.entropy == Approx(std::log(2.0)));
  CHECK(judged.disagreement == Approx(std::log(2.0)));
  CHECK(judged.loss == Approx(std::log(2.0)));
}

TEST_CASE("two members that are alike and unsure: no entropy is disagreement") {
  peers::Judge judge;
  judge.add(std::vector{0.0F, 0.0F, 0.0F, 0.0F}, 2, 0);
  CHECK(judge.judgement().entropy == Approx(std::log(2.0)));
  CHECK(judge.judgement().disagreement == Approx(0.0).margin(1e-12));
}

TEST_CASE("the prediction is the mean of probabilities, not of outputs") {
  peers::Judge judge;
  judge.add(std::vector{log_of(0.9), log_of(0.1), log_of(0.3), log_of(0.7)}, 2, 0);
  CHECK(judge.judgement().loss == Approx(-std::log(0.6)));
}

TEST_CASE(
    "calibration error: predictions of confidence 0.75 that are right 6 times of 10 are 0.15 off") {
  peers::Judge judge;
  for (int i = 0; i < 10; ++i) judge.add(std::vector{log_of(0.75), log_of(0.25)}, 2, i < 6 ? 0 : 1);
  const peers::Judgement judged = judge.judgement();
  CHECK(judged.calibration_error == Approx(0.15).epsilon(1e-6));
  CHECK(judged.bins[11].count == 10);  // (0.733, 0.8]
  CHECK(judged.bins[11].accuracy == 0.6);
}

TEST_CASE("a probability too small for a number costs much, not everything") {
  peers::Judge judge;
  judge.add(std::vector{2000.0F, 0.0F}, 2, 1);
  CHECK(std::isfinite(judge.judgement().loss));
  CHECK(judge.judgement().loss > 700.0);
}
