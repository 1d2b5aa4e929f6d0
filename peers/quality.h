#pragma once

#include <string>

namespace peers {

// Quality of an estimate on data that nobody trains on.
struct Quality {
  double loss = 0.0;
  double accuracy = 0.0;    // in [0, 1]
  double guess_loss = 0.0;  // of who takes all classes for equally likely; 0: it has none
};

// For a person, where it is hardly better than that guess; empty otherwise. Nothing else tells a
// run that died of its learning rate from one that went well.
[[nodiscard]] std::string guess_warning(const Quality& quality);

// Told of what a peer's estimate comes to, time after time.
class LearningWatch {
 public:
  // For a person, where it has become hardly better than a guess after it was better; empty
  // otherwise. Such a network seldom learns again, and whoever joins takes it over.
  [[nodiscard]] std::string note(const Quality& quality);

 private:
  bool was_better_ = false;
};

}  // namespace peers
