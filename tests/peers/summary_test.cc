#include "peers/summary.h"

#include <cmath>

#include "tests/support/catch.h"

namespace {

peers::PeerSummary peer(double weight, std::vector<double> estimate) {
  peers::PeerSummary summary;
  summary.weight = weight;
  summary.estimate = std::move(estimate);
  return summary;
}

}  // namespace

TEST_CASE("nobody left an estimate: no mean and no distance") {
  CHECK(peers::mean_estimate({}).empty());
  CHECK(peers::consensus_distance({}) == 0.0);
}

TEST_CASE("a lone peer's average is its own estimate") {
  const std::vector<peers::PeerSummary> one{peer(0.25, {1.0, 2.0})};
  CHECK(peers::mean_estimate(one) == std::vector<double>{1.0, 2.0});
  CHECK(peers::consensus_distance(one) == 0.0);
}

TEST_CASE("the mean weighs by push-sum weight, the distance counts every peer alike") {
  const std::vector<peers::PeerSummary> two{peer(3.0, {0.0}), peer(1.0, {4.0}), peer(0.0, {})};
  CHECK(peers::mean_estimate(two) == std::vector<double>{1.0});
  CHECK(peers::consensus_distance(two) == 4.0);  // both are 2 away from 2
}

TEST_CASE("totals are over all peers, also those that left no estimate") {
  auto first = peer(1.5, {1.0});
  first.weight_in_flight = 0.25;
  const peers::RunSummary summary = peers::add_up("run", 1.0, {first, peer(0.5, {})});
  CHECK(summary.weight_total == 2.0);
  CHECK(summary.weight_in_flight == 0.25);
  CHECK(peers::to_json_text(summary).find("\"test_accuracy\": null") != std::string::npos);
}

TEST_CASE("an average that is hardly better than a guess is said to be") {
  peers::RunSummary summary;
  const auto warns = [&](const peers::Quality& quality) {
    summary.average = quality;
    return peers::to_text(summary).find("hardly better than a guess, whose loss is 2.3026") !=
           std::string::npos;
  };
  const double guess = std::log(10.0);
  CHECK(warns({.loss = 2.31, .accuracy = 0.1, .guess_loss = guess}));
  CHECK(warns({.loss = 2.30, .accuracy = 0.1, .guess_loss = guess}));
  CHECK_FALSE(warns({.loss = 2.0, .accuracy = 0.1, .guess_loss = guess}));
  CHECK_FALSE(warns({.loss = 2.31, .accuracy = 0.0, .guess_loss = 0.0}));  // of no classes
  CHECK_FALSE(warns({.loss = std::nan(""), .accuracy = 0.0, .guess_loss = guess}));
}

TEST_CASE("a network that has forgotten what it had learned is told of once") {
  const auto quality = [](double loss) {
    return peers::Quality{.loss = loss, .accuracy = 0.1, .guess_loss = std::log(10.0)};
  };
  peers::LearningWatch watch;
  CHECK(watch.note(quality(2.31)).empty());  // it has not begun
  CHECK(watch.note(quality(0.5)).empty());
  CHECK(watch.note(quality(2.0)).empty());
  CHECK(watch.note(quality(2.30)).find("policy.learning_rate is too high") != std::string::npos);
  CHECK(watch.note(quality(2.31)).empty());
  CHECK(watch.note(quality(1.0)).empty());
  CHECK_FALSE(watch.note(quality(2.31)).empty());
  peers::LearningWatch of_no_classes;
  for (const double loss : {1.0, 9.0})
    CHECK(of_no_classes.note({.loss = loss, .accuracy = 0.0, .guess_loss = 0.0}).empty());
}
