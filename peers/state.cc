#include "peers/state.h"

#include <fmt/format.h>

#include <algorithm>

namespace peers {
namespace {

void copy_from_device(kernels::ConstView numbers, kernels::Backend& backend, SavedVector& copy) {
  copy.scalar = numbers.scalar();
  copy.bytes.resize(numbers.bytes());
  backend.download(numbers, kernels::View(copy.bytes.data(), numbers.count(), numbers.scalar()));
}

// Vectors come in the same order every time, so each finds the memory of its last copy.
class CapturingVisitor final : public StateVisitor {
 public:
  CapturingVisitor(PeerState& state, kernels::Backend& backend)
      : state_(&state), backend_(&backend) {}
  void vector(std::string_view name, kernels::View numbers) override {
    if (vectors_ == state_->vectors.size()) state_->vectors.emplace_back();
    SavedVector& copy = state_->vectors[vectors_++];
    copy.name = name;
    copy_from_device(numbers, *backend_, copy);
  }
  void number(std::string_view name, double& value) override {
    state_->numbers.insert_or_assign(std::string(name), value);
  }
  void count(std::string_view name, std::uint64_t& value) override {
    state_->counts.insert_or_assign(std::string(name), value);
  }

 private:
  PeerState* state_;
  kernels::Backend* backend_;
  std::size_t vectors_ = 0;
};

}  // namespace

void capture(Peer& peer, kernels::Backend& backend, PeerState& state) {
  CapturingVisitor visitor(state, backend);
  state.estimate.scalar = peer.estimate().scalar();
  state.estimate.lent = peer.lend_estimate().value_or(runtime::Frame());
  if (state.estimate.lent.size() == 0) copy_from_device(peer.estimate(), backend, state.estimate);
  peer.visit_position(visitor);
  peer.visit_parts(visitor);
}

RestoringVisitor::RestoringVisitor(const PeerState& state, kernels::Backend& backend)
    : state_(&state), backend_(&backend) {}

void RestoringVisitor::miss(std::string_view name) {
  if (missed_.empty()) missed_ = name;
}

void RestoringVisitor::vector(std::string_view name, kernels::View numbers) {
  const auto saved = std::ranges::find(state_->vectors, name, &SavedVector::name);
  const bool fits = saved != state_->vectors.end() && saved->view().count() == numbers.count() &&
                    saved->scalar == numbers.scalar();
  if (!fits) return miss(name);
  backend_->upload(saved->view(), numbers);
}

void RestoringVisitor::number(std::string_view name, double& value) {
  const auto saved = state_->numbers.find(std::string(name));
  if (saved == state_->numbers.end()) return miss(name);
  value = saved->second;
}

void RestoringVisitor::count(std::string_view name, std::uint64_t& value) {
  const auto saved = state_->counts.find(std::string(name));
  if (saved == state_->counts.end()) return miss(name);
  value = saved->second;
}

runtime::Status RestoringVisitor::status() const {
  if (missed_.empty()) return {};
  return runtime::Error{
      fmt::format("this peer keeps \"{}\", which is not there or of another size", missed_)};
}

}  // namespace peers
