#include "models/activations.h"

#include <utility>

namespace models {

using kernels::ConstView;
using kernels::View;

Activations::Activations(std::vector<PlannedNode> nodes, double dropped, bool rounds)
    : nodes_(std::move(nodes)),
      dropped_(dropped),
      plan_(plan_activations(nodes_,
                             {.dropping = dropped > 0.0, .rounding = rounds && dropped == 0.0})) {}

void Activations::allocate(kernels::Backend& backend, kernels::Scalar scalar, std::size_t batch) {
  slots_.clear();
  for (const std::size_t count : plan_.slots)
    slots_.push_back(backend.allocate(batch * count, scalar));
  rounded_.clear();
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    rounded_.push_back(backend.allocate(batch * rounded_count(i), kernels::Scalar::kBf16));
  packed_.clear();
  for (std::size_t i = 0; i < nodes_.size(); ++i) packed_.push_back(packed_room(i, scalar, batch));
}

Activations::Packed Activations::packed_room(std::size_t node, kernels::Scalar scalar,
                                             std::size_t batch) const {
  const ActivationPlan::Kept& kept = plan_.nodes[node];
  Packed packed;
  if (kept.whole) return packed;
  const std::size_t count = batch * nodes_[node].out_count;
  if (kept.signs) packed.signs = PositiveMask(count);
  if (kept.winners) packed.winners = PositiveMask(count);
  if (kept.largest) packed.largest = LargestNumbers(count, dropped_, scalar);
  return packed;
}

std::size_t Activations::bytes() const {
  std::size_t bytes = 0;
  for (const kernels::Buffer& slot : slots_) bytes += slot.view().bytes();
  for (const kernels::Buffer& rounded : rounded_) bytes += rounded.view().bytes();
  for (const Packed& packed : packed_) bytes += packed.bytes();
  return bytes;
}

std::size_t Activations::planned_bytes(kernels::Scalar scalar, std::size_t batch) const {
  std::size_t bytes = 0;
  for (const std::size_t count : plan_.slots) bytes += batch * count * kernels::bytes_of(scalar);
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    bytes += packed_room(i, scalar, batch).bytes() +
             batch * rounded_count(i) * kernels::bytes_of(kernels::Scalar::kBf16);
  return bytes;
}

std::size_t Activations::rounded_count(std::size_t node) const {
  return plan_.nodes[node].rounding.rounded ? nodes_[node].out_count : 0;
}

View Activations::rounded(std::size_t node, std::size_t batch) {
  return rounded_[node].view().slice(0, batch * rounded_count(node));
}

bool Activations::has_rounded_gradient(std::size_t node) const {
  return plan_.nodes[node].rounding.gradient;
}

View Activations::output(std::size_t node, std::size_t batch) {
  if (!plan_.nodes[node].rounding.plain) return {};
  return slots_[plan_.nodes[node].slot].view().slice(0, batch * nodes_[node].out_count);
}

bool Activations::wants_winners(std::size_t reader) const {
  const PlannedNode& node = nodes_[reader];
  return node.reads.in == ReadsIn::kWinners && node.in < Node::kNetworkInput &&
         !plan_.nodes[node.in].whole;
}

void Activations::keep_winners(std::size_t reader, ConstView winners) {
  packed_[nodes_[reader].in].winners.write(winners);
}

void Activations::keep_inputs(std::size_t reader, std::size_t batch) {
  for (const std::size_t place : {nodes_[reader].in, nodes_[reader].shortcut}) {
    if (place >= Node::kNetworkInput) continue;
    const ActivationPlan::Kept& kept = plan_.nodes[place];
    if (kept.whole || kept.last_reader != reader) continue;
    if (kept.signs) packed_[place].signs.write(output(place, batch));
    if (kept.largest) packed_[place].largest.write(output(place, batch));
  }
}

ConstView Activations::input_again(std::size_t reader, std::size_t batch) {
  const std::size_t place = nodes_[reader].in;
  const View numbers = output(place, batch);
  if (plan_.nodes[place].whole) return numbers;
  const ReadsIn reads = nodes_[reader].reads.in;
  if (reads == ReadsIn::kWinners) packed_[place].winners.read(numbers);
  if (reads == ReadsIn::kForWeights) packed_[place].largest.read(numbers);
  return numbers;
}

ConstView Activations::output_again(kernels::Backend& backend, std::size_t node,
                                    std::size_t batch) {
  const View numbers = output(node, batch);
  if (plan_.nodes[node].whole) return numbers;
  if (wants_winners(node)) backend.fill(1.0, numbers);
  if (plan_.nodes[node].signs) packed_[node].signs.read(numbers);
  return numbers;
}

}  // namespace models
