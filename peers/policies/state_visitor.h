#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "kernels/view.h"

namespace peers {

// Goes through all that somebody keeps from step to step, each thing under a name of its own: what
// a checkpoint holds. One visitor writes down, another one puts back, and both are shown the same,
// so nothing can be saved that is not restored.
//
// What only serves within a step, or follows from the config, is not shown. The trainer's thread.
class StateVisitor {
 public:
  StateVisitor() = default;
  virtual ~StateVisitor() = default;
  StateVisitor(const StateVisitor&) = delete;
  StateVisitor& operator=(const StateVisitor&) = delete;

  virtual void vector(std::string_view name, kernels::View numbers) = 0;  // of the backend's memory
  virtual void number(std::string_view name, double& value) = 0;
  virtual void count(std::string_view name, std::uint64_t& value) = 0;

  void flag(std::string_view name, bool& value) {
    std::uint64_t bit = value ? 1 : 0;
    count(name, bit);
    value = bit != 0;
  }
};

// Shows one part's things as the whole's: "momentum" of "optimizer" is "optimizer.momentum".
class PartVisitor final : public StateVisitor {
 public:
  PartVisitor(std::string_view part, StateVisitor& whole) : part_(part), whole_(&whole) {}
  void vector(std::string_view name, kernels::View numbers) override {
    whole_->vector(full(name), numbers);
  }
  void number(std::string_view name, double& value) override { whole_->number(full(name), value); }
  void count(std::string_view name, std::uint64_t& value) override {
    whole_->count(full(name), value);
  }

 private:
  [[nodiscard]] std::string full(std::string_view name) const {
    return part_ + "." + std::string(name);
  }

  std::string part_;
  StateVisitor* whole_;
};

}  // namespace peers
