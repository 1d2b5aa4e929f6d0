#include "peers/synthetic.h"

#include <algorithm>
#include <utility>

#include "runtime/check.h"

namespace peers {

Synthetic::Synthetic(Options options, runtime::Random random, kernels::Backend& backend)
    : options_(std::move(options)),
      random_(random),
      backend_(&backend),
      noise_(options_.start.size(), 0.0),
      z_(options_.start.size()),
      gradient_(options_.start.size()) {}

void Synthetic::write_start(kernels::View host) const {
  if (options_.scalar == kernels::Scalar::kF64) {
    std::ranges::copy(options_.start, host.as<double>().begin());
    return;
  }
  std::ranges::transform(options_.start, host.as<float>().begin(),
                         [](double number) { return static_cast<float>(number); });
}

void Synthetic::next_batch() {
  if (options_.noise == 0.0) return;
  for (double& noise : noise_) noise = options_.noise * random_.normal();
}

void Synthetic::visit_state(StateVisitor& visitor) {
  std::uint64_t position = random_.position();
  visitor.count("random", position);
  random_.move_to(position);
}

template <typename T>
double Synthetic::gradient_of(kernels::ConstView estimate, kernels::View gradient) {
  std::vector<T>& numbers = std::get<std::vector<T>>(numbers_);
  numbers.resize(estimate.count());
  backend_->download(estimate, std::span(numbers));
  std::ranges::copy(numbers, z_.begin());
  const double loss = value_of(z_, gradient_);
  if (gradient.empty()) return loss;
  for (std::size_t k = 0; k < numbers.size(); ++k)
    numbers[k] = static_cast<T>(gradient_[k] + noise_[k]);
  backend_->upload(std::span<const T>(numbers), gradient);
  return loss;
}

double Synthetic::gradient_at(kernels::ConstView estimate, kernels::View gradient) {
  CHECK(estimate.count() == parameter_count());
  return options_.scalar == kernels::Scalar::kF64 ? gradient_of<double>(estimate, gradient)
                                                  : gradient_of<float>(estimate, gradient);
}

double Synthetic::loss_at(kernels::ConstView estimate) { return gradient_at(estimate, {}); }

}  // namespace peers
