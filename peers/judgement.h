#pragma once
// How good probabilities of classes are, and how honest: accuracy, loss, calibration, and what the
// members of an ensemble do not agree on.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace peers {

// Predictions by confidence, the largest probability: bin k holds those in (k/15, (k+1)/15].
struct ConfidenceBin {
  std::size_t count = 0;
  double confidence = 0.0;  // mean
  double accuracy = 0.0;    // share that was right
};
inline constexpr std::size_t kConfidenceBins = 15;

struct Judgement {
  std::size_t count = 0;
  double accuracy = 0.0;      // in [0, 1]
  double loss = 0.0;          // mean -log of the label's probability, in nats
  double entropy = 0.0;       // mean over predictions of H[p], p the mean of the members: in nats
  double disagreement = 0.0;  // mean of H[p] - mean of the members' H: mutual information, in nats
  // Expected calibration error (Guo et al. 2017): mean over predictions of the distance between
  // confidence and accuracy of their bin.
  double calibration_error = 0.0;
  std::array<ConfidenceBin, kConfidenceBins> bins{};
};

// Takes predictions one by one.
class Judge {
 public:
  // `logits`: [members, classes], each member's outputs before the softmax. The prediction is the
  // mean of the members' probabilities, every member alike (Lakshminarayanan et al. 2017).
  void add(std::span<const float> logits, std::size_t classes, std::int32_t label);
  [[nodiscard]] Judgement judgement() const;

 private:
  Judgement sums_;  // of everything that judgement() gives the mean of
};

}  // namespace peers
