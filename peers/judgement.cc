#include "peers/judgement.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "runtime/check.h"

namespace peers {
namespace {

std::vector<double> softmax(std::span<const float> logits) {
  const double largest = static_cast<double>(*std::ranges::max_element(logits));
  std::vector<double> probabilities;
  double sum = 0.0;
  for (const float logit : logits) {
    probabilities.push_back(std::exp(static_cast<double>(logit) - largest));
    sum += probabilities.back();
  }
  for (double& probability : probabilities) probability /= sum;
  return probabilities;
}

double entropy_of(std::span<const double> probabilities) {
  double entropy = 0.0;
  for (const double p : probabilities) {
    if (p > 0.0) entropy -= p * std::log(p);
  }
  return entropy;
}

std::size_t bin_of(double confidence) {
  const double place = std::ceil(confidence * static_cast<double>(kConfidenceBins)) - 1.0;
  return static_cast<std::size_t>(std::clamp(place, 0.0, kConfidenceBins - 1.0));
}

}  // namespace

void Judge::add(std::span<const float> logits, std::size_t classes, std::int32_t label) {
  CHECK(classes > 0 && !logits.empty() && logits.size() % classes == 0);
  const std::size_t members = logits.size() / classes;
  std::vector<double> mean(classes, 0.0);
  double members_entropy = 0.0;
  for (std::size_t m = 0; m < members; ++m) {
    const std::vector<double> one = softmax(logits.subspan(m * classes, classes));
    members_entropy += entropy_of(one) / static_cast<double>(members);
    for (std::size_t k = 0; k < classes; ++k) mean[k] += one[k] / static_cast<double>(members);
  }
  const auto said = std::ranges::max_element(mean);
  const bool right = said - mean.begin() == label;
  // A probability that was too small for a number.
  const double given =
      std::max(mean[static_cast<std::size_t>(label)], std::numeric_limits<double>::min());
  ++sums_.count;
  sums_.accuracy += right ? 1.0 : 0.0;
  sums_.loss -= std::log(given);
  sums_.entropy += entropy_of(mean);
  sums_.disagreement += entropy_of(mean) - members_entropy;
  ConfidenceBin& bin = sums_.bins[bin_of(*said)];
  ++bin.count;
  bin.confidence += *said;
  bin.accuracy += right ? 1.0 : 0.0;
}

Judgement Judge::judgement() const {
  Judgement mean = sums_;
  const double count = std::max(1.0, static_cast<double>(mean.count));
  for (double* sum : {&mean.accuracy, &mean.loss, &mean.entropy, &mean.disagreement}) *sum /= count;
  for (ConfidenceBin& bin : mean.bins) {
    mean.calibration_error += std::abs(bin.confidence - bin.accuracy) / count;
    const double in_bin = std::max(1.0, static_cast<double>(bin.count));
    bin.confidence /= in_bin;
    bin.accuracy /= in_bin;
  }
  return mean;
}

}  // namespace peers
