#include "peers/policies/wasserstein.h"

#include <algorithm>
#include <cstdint>
#include <numeric>

namespace peers {
namespace {

std::vector<double> sorted(kernels::ConstView numbers) {
  std::vector<double> ascending(numbers.count());
  if (numbers.scalar() == kernels::Scalar::kF64)
    std::ranges::copy(numbers.as<double>(), ascending.begin());
  else
    std::ranges::copy(numbers.as<float>(), ascending.begin());
  std::ranges::sort(ascending);
  return ascending;
}

}  // namespace

Wasserstein::Wasserstein(double strength, kernels::ConstView start,
                         std::span<const models::ParameterTensor> tensors,
                         kernels::Backend& backend)
    : strength_(strength),
      term_(backend.allocate(start.count(), start.scalar())),
      backend_(&backend) {
  for (const models::ParameterTensor& tensor : tensors)
    tensors_.push_back({tensor.offset, sorted(start.slice(tensor.offset, tensor.count))});
  if (tensors.empty()) tensors_.push_back({0, sorted(start)});
}

template <typename T>
void Wasserstein::differentiate(std::span<T> estimate) {
  std::vector<std::uint32_t> order;
  for (const Tensor& tensor : tensors_) {
    const std::span<T> z = estimate.subspan(tensor.offset, tensor.start.size());
    order.resize(z.size());
    std::iota(order.begin(), order.end(), 0U);
    // Equals in the order of their places: the same on every machine.
    std::ranges::stable_sort(order, {}, [&](std::uint32_t i) { return z[i]; });
    for (std::size_t rank = 0; rank < order.size(); ++rank) {
      T& number = z[order[rank]];
      number = static_cast<T>(2.0 * (static_cast<double>(number) - tensor.start[rank]));
    }
  }
}

void Wasserstein::add_to(kernels::ConstView estimate, kernels::View gradient) {
  std::vector<std::byte> memory(estimate.bytes());
  const kernels::View host(memory.data(), estimate.count(), estimate.scalar());
  backend_->download(estimate, host);
  if (estimate.scalar() == kernels::Scalar::kF64)
    differentiate(host.as<double>());
  else
    differentiate(host.as<float>());
  backend_->upload(host, term_.view());
  for (const Tensor& tensor : tensors_) {
    backend_->axpy(strength_, term_.view().slice(tensor.offset, tensor.start.size()),
                   gradient.slice(tensor.offset, tensor.start.size()));
  }
}

}  // namespace peers
