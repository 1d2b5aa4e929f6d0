#include "peers/policies/spectral.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>

#include "runtime/random.h"

namespace peers {
namespace {

// From a random start one iteration finds two thirds of the largest singular value, twenty all of
// it.
constexpr int kWarmUp = 20;

std::string_view layer_of(std::string_view name) { return name.substr(0, name.rfind('.')); }

kernels::Buffer random_direction(std::size_t count, kernels::Scalar scalar,
                                 kernels::Backend& backend) {
  runtime::Random random(count);
  std::vector<float> narrow(count);
  std::vector<double> wide(count);
  for (std::size_t i = 0; i < count; ++i) {
    wide[i] = random.normal();
    narrow[i] = static_cast<float>(wide[i]);
  }
  kernels::Buffer buffer = backend.allocate(count, scalar);
  if (scalar == kernels::Scalar::kF64)
    backend.upload(std::span<const double>(wide), buffer.view());
  else
    backend.upload(std::span<const float>(narrow), buffer.view());
  return buffer;
}

// d/dx of (x^2 - target)^2
template <typename T>
void differentiate(kernels::View numbers, double target) {
  for (T& x : numbers.as<T>())
    x = static_cast<T>(4.0 * (static_cast<double>(x) * static_cast<double>(x) - target) *
                       static_cast<double>(x));
}

}  // namespace

Spectral::Spectral(double strength, std::span<const models::ParameterTensor> tensors,
                   kernels::Scalar scalar, kernels::Backend& backend)
    : strength_(strength), backend_(&backend) {
  std::size_t largest = 0;
  std::size_t widest = 0;
  std::string_view matrix_layer;
  for (const models::ParameterTensor& tensor : tensors) {
    const Range range{tensor.offset, tensor.count};
    if (tensor.shape.size() >= 2) {
      const std::size_t outputs = tensor.shape.front();
      const std::size_t inputs = tensor.count / outputs;
      matrices_.push_back({range,
                           {.batch = 1, .inputs = inputs, .outputs = outputs},
                           random_direction(outputs, scalar, backend),
                           backend.allocate(inputs, scalar),
                           backend.allocate(inputs, scalar)});
      largest = std::max(largest, tensor.count);
      matrix_layer = layer_of(tensor.name);
    } else if (layer_of(tensor.name) == matrix_layer) {
      biases_.push_back(range);
    } else {
      const bool is_scale = tensor.name.ends_with(".weight");
      (is_scale ? scales_ : shifts_).push_back(range);
      widest = std::max(widest, tensor.count);
    }
  }
  outer_ = backend.allocate(largest, scalar);
  numbers_ = backend.allocate(widest, scalar);
}

double Spectral::normalise(kernels::View vector) {
  const double length = std::sqrt(backend_->dot(vector, vector));
  if (length > 0.0) backend_->scale(1.0 / length, vector);
  return length;
}

// A dense layer and its backward pass on a batch of one are W v, W^T u and u v^T.
double Spectral::iterate(Matrix& matrix, kernels::ConstView weight) {
  const kernels::View outer = outer_.view().slice(0, matrix.range.count);
  backend_->dense_backward(
      matrix.shape, {.in = matrix.right.view(), .weight = weight, .out = matrix.left.view()},
      {.d_out = matrix.left.view(), .d_in = matrix.next.view(), .d_weight = outer, .d_bias = {}});
  // u of no part in W, or W of zeros: nothing to follow.
  if (normalise(matrix.next.view()) == 0.0) return 0.0;
  std::swap(matrix.right, matrix.next);
  backend_->dense_forward(matrix.shape, matrix.right.view(), weight, {}, matrix.left.view());
  return normalise(matrix.left.view());
}

void Spectral::add_matrix(Matrix& matrix, kernels::ConstView weight, kernels::View gradient) {
  for (int i = 0; !matrix.warm && i < kWarmUp; ++i) static_cast<void>(iterate(matrix, weight));
  matrix.warm = true;
  const double sigma = iterate(matrix, weight);
  const kernels::View outer = outer_.view().slice(0, matrix.range.count);
  backend_->dense_backward(
      matrix.shape, {.in = matrix.right.view(), .weight = weight, .out = matrix.left.view()},
      {.d_out = matrix.left.view(), .d_in = {}, .d_weight = outer, .d_bias = {}});
  backend_->axpy(strength_ * 4.0 * (sigma * sigma - 1.0) * sigma, outer, gradient);
}

// A few numbers a layer: on the host.
void Spectral::add_numbers(const Range& range, double target, kernels::ConstView estimate,
                           kernels::View gradient) {
  std::vector<std::byte> memory(range.count * kernels::bytes_of(estimate.scalar()));
  const kernels::View host(memory.data(), range.count, estimate.scalar());
  backend_->download(estimate.slice(range.offset, range.count), host);
  if (estimate.scalar() == kernels::Scalar::kF64)
    differentiate<double>(host, target);
  else
    differentiate<float>(host, target);
  const kernels::View device = numbers_.view().slice(0, range.count);
  backend_->upload(host, device);
  backend_->axpy(strength_, device, gradient.slice(range.offset, range.count));
}

void Spectral::add_to(kernels::ConstView estimate, kernels::View gradient) {
  for (Matrix& matrix : matrices_) {
    const auto [offset, count] = matrix.range;
    add_matrix(matrix, estimate.slice(offset, count), gradient.slice(offset, count));
  }
  for (const Range& bias : biases_) {
    const kernels::ConstView b = estimate.slice(bias.offset, bias.count);
    backend_->axpy(strength_ * 4.0 * backend_->dot(b, b), b,
                   gradient.slice(bias.offset, bias.count));
  }
  for (const Range& scale : scales_) add_numbers(scale, 1.0, estimate, gradient);
  for (const Range& shift : shifts_) add_numbers(shift, 0.0, estimate, gradient);
}

void Spectral::visit_state(StateVisitor& visitor) {
  for (std::size_t i = 0; i < matrices_.size(); ++i) {
    Matrix& matrix = matrices_[i];
    PartVisitor part(std::to_string(i), visitor);
    part.vector("left", matrix.left.view());
    part.vector("right", matrix.right.view());
    part.flag("warm", matrix.warm);
  }
}

}  // namespace peers
