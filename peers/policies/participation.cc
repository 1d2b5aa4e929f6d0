#include "peers/policies/participation.h"

#include <algorithm>

#include "runtime/random.h"

namespace peers {

Participation::Participation(const ParticipationOptions& options, const VectorSpace& space)
    : options_(options), anchor_(space.zeros()), backend_(space.backend) {}

void Participation::begin(std::uint64_t period, std::span<const runtime::PeerId> members,
                          runtime::PeerId self, kernels::ConstView estimate) {
  const std::uint64_t drawn = runtime::mix_bits(options_.seed ^ runtime::mix_bits(period));
  // Everybody draws a number, which all can compute; the K lowest take part. No two are the same:
  // mix_bits is one to one.
  const auto lot = [drawn](runtime::PeerId peer) {
    return runtime::mix_bits(drawn ^ runtime::value_of(peer));
  };
  const std::uint64_t own = lot(self);
  const auto before =
      std::ranges::count_if(members, [&](runtime::PeerId peer) { return lot(peer) < own; });
  const auto peers = static_cast<double>(members.size());
  open_ = true;
  takes_part_ = static_cast<std::uint64_t>(before) < options_.count;
  stretch_ = std::max(1.0, peers / static_cast<double>(options_.count));
  if (takes_part_ && stretch_ > 1.0) backend_->copy(estimate, anchor_.view());
}

bool Participation::end(kernels::ConstView estimate, kernels::View delta) {
  open_ = false;
  if (!takes_part_ || stretch_ == 1.0) return false;
  backend_->copy(estimate, delta);
  backend_->axpy(-1.0, anchor_.view(), delta);
  backend_->scale(stretch_ - 1.0, delta);
  return true;
}

void Participation::visit_state(StateVisitor& visitor) {
  visitor.flag("open", open_);
  visitor.flag("takes_part", takes_part_);
  visitor.number("stretch", stretch_);
  visitor.vector("anchor", anchor_.view());
}

}  // namespace peers
