#pragma once
// What a peer keeps from step to step, as values: to be written down, and put back into another
// peer of the same config.

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "kernels/backend.h"
#include "peers/peer.h"
#include "peers/policies/state_visitor.h"
#include "runtime/frame.h"
#include "runtime/result.h"

namespace peers {

struct SavedVector {
  std::string name;
  kernels::Scalar scalar = kernels::Scalar::kF32;
  std::vector<std::byte> bytes{};
  runtime::Frame lent{};  // instead of bytes, where there is one

  [[nodiscard]] kernels::ConstView view() const {
    const std::span<const std::byte> numbers = lent.size() > 0 ? lent.bytes() : bytes;
    return {numbers.data(), numbers.size() / kernels::bytes_of(scalar), scalar};
  }
};

struct PeerState {
  SavedVector estimate;
  std::vector<SavedVector> vectors{};
  std::map<std::string, double> numbers{};
  std::map<std::string, std::uint64_t> counts{};
};

// Copies all that `peer` keeps into `state`, of which the memory is used again; its estimate is
// lent where it can be, until `state` drops it. Between rounds, on the trainer's thread; waits for
// the device.
void capture(Peer& peer, kernels::Backend& backend, PeerState& state);

// Puts back what it is shown, as far as `state` has it.
class RestoringVisitor final : public StateVisitor {
 public:
  // Both outlive it.
  RestoringVisitor(const PeerState& state, kernels::Backend& backend);
  void vector(std::string_view name, kernels::View numbers) override;
  void number(std::string_view name, double& value) override;
  void count(std::string_view name, std::uint64_t& value) override;

  // What was shown was not in the state, or of another size: what of it was put back is of no use.
  [[nodiscard]] runtime::Status status() const;

 private:
  void miss(std::string_view name);

  const PeerState* state_;
  kernels::Backend* backend_;
  std::string missed_;  // first
};

}  // namespace peers
