#include <vector>

#include "kernels/cuda/backend.h"
#include "kernels/cuda/first_kernel.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/status.h"

namespace kernels::cuda {

cudaError_t run_first_kernel(cudaStream_t stream) {
  const cudaError_t status = launch(stream, 1, [] __device__(std::size_t) {});
  return status == cudaSuccess ? cudaStreamSynchronize(stream) : status;
}

namespace {

// Calls body(float{}) or body(double{}).
template <typename Body>
void with_type_of(ConstView x, const Body& body) {
  CHECK(is_real(x.scalar()));
  if (x.scalar() == Scalar::kF64) {
    body(double{});
  } else {
    body(float{});
  }
}

void check_alike(ConstView x, ConstView y) {
  CHECK(x.count() == y.count() && x.scalar() == y.scalar());
}

template <typename T>
void fill_as(cudaStream_t stream, double a, View x) {
  T* const out = x.as<T>().data();
  const T value = static_cast<T>(a);
  CUDA_CHECK(launch(stream, x.count(), [=] __device__(std::size_t i) { out[i] = value; }));
}

template <typename T>
void scale_as(cudaStream_t stream, double a, View x) {
  T* const out = x.as<T>().data();
  const T factor = static_cast<T>(a);
  CUDA_CHECK(launch(stream, x.count(), [=] __device__(std::size_t i) { out[i] *= factor; }));
}

template <typename T>
void axpy_as(cudaStream_t stream, double a, ConstView x, View y) {
  const T* const in = x.as<T>().data();
  T* const out = y.as<T>().data();
  const T factor = static_cast<T>(a);
  CUDA_CHECK(
      launch(stream, x.count(), [=] __device__(std::size_t i) { out[i] += factor * in[i]; }));
}

template <typename T>
void accumulate_as(cudaStream_t stream, double a, double b, View x, View y) {
  T* const left = x.as<T>().data();
  T* const right = y.as<T>().data();
  const T factor = static_cast<T>(a);
  const T kept = static_cast<T>(b);
  CUDA_CHECK(launch(stream, x.count(), [=] __device__(std::size_t i) {
    right[i] = kept * right[i] + left[i];
    left[i] = factor * right[i];
  }));
}

template <typename T>
void accumulate_squares_as(cudaStream_t stream, double a, double b, ConstView x, View y) {
  const T* const in = x.as<T>().data();
  T* const out = y.as<T>().data();
  const T factor = static_cast<T>(a);
  const T kept = static_cast<T>(b);
  CUDA_CHECK(launch(stream, x.count(), [=] __device__(std::size_t i) {
    out[i] = kept * out[i] + factor * (in[i] * in[i]);
  }));
}

template <typename T>
void divide_by_root_as(cudaStream_t stream, double a, double epsilon, ConstView x, View y) {
  const T* const in = x.as<T>().data();
  T* const out = y.as<T>().data();
  const T factor = static_cast<T>(a);
  const T floor = static_cast<T>(epsilon);
  CUDA_CHECK(launch(stream, x.count(), [=] __device__(std::size_t i) {
    out[i] = factor * out[i] / (sqrt(in[i]) + floor);
  }));
}

template <typename T>
void weighted_sum_as(cudaStream_t stream, double a, ConstView x, double b, ConstView y, View out) {
  const T* const left = x.as<T>().data();
  const T* const right = y.as<T>().data();
  T* const sum = out.as<T>().data();
  const T of_left = static_cast<T>(a);
  const T of_right = static_cast<T>(b);
  CUDA_CHECK(launch(stream, x.count(), [=] __device__(std::size_t i) {
    sum[i] = of_left * left[i] + of_right * right[i];
  }));
}

// Strides of fixed length, then strides of those: the order of the sum depends on nothing but the
// count. Enough strides to keep every memory channel of a large GPU busy.
constexpr std::size_t kStrides = 65'536;
constexpr std::size_t kSums = 256;

template <typename T>
void sum_products(cudaStream_t stream, ConstView x, ConstView y, double* strides) {
  const T* const left = x.as<T>().data();
  const T* const right = y.as<T>().data();
  const std::size_t count = x.count();
  CUDA_CHECK(launch(stream, kStrides, [=] __device__(std::size_t stride) {
    double sum = 0;
    for (std::size_t i = stride; i < count; i += kStrides) {
      sum += static_cast<double>(left[i]) * static_cast<double>(right[i]);
    }
    strides[stride] = sum;
  }));
}

void sum_strides(cudaStream_t stream, const double* strides, double* sums) {
  CUDA_CHECK(launch(stream, kSums, [=] __device__(std::size_t k) {
    double sum = 0;
    for (std::size_t stride = k; stride < kStrides; stride += kSums) sum += strides[stride];
    sums[k] = sum;
  }));
}

}  // namespace

void CudaBackend::fill(double a, View x) {
  with_type_of(x, [&](auto zero) { fill_as<decltype(zero)>(device_.stream(), a, x); });
}

void CudaBackend::scale(double a, View x) {
  with_type_of(x, [&](auto zero) { scale_as<decltype(zero)>(device_.stream(), a, x); });
}

void CudaBackend::axpy(double a, ConstView x, View y) {
  check_alike(x, y);
  with_type_of(x, [&](auto zero) { axpy_as<decltype(zero)>(device_.stream(), a, x, y); });
}

void CudaBackend::accumulate(double a, double b, View x, View y) {
  check_alike(x, y);
  with_type_of(x, [&](auto zero) { accumulate_as<decltype(zero)>(device_.stream(), a, b, x, y); });
}

void CudaBackend::accumulate_squares(double a, double b, ConstView x, View y) {
  check_alike(x, y);
  with_type_of(
      x, [&](auto zero) { accumulate_squares_as<decltype(zero)>(device_.stream(), a, b, x, y); });
}

void CudaBackend::divide_by_root(double a, double epsilon, ConstView x, View y) {
  check_alike(x, y);
  with_type_of(
      x, [&](auto zero) { divide_by_root_as<decltype(zero)>(device_.stream(), a, epsilon, x, y); });
}

void CudaBackend::weighted_sum(double a, ConstView x, double b, ConstView y, View out) {
  check_alike(x, y);
  check_alike(x, out);
  with_type_of(
      x, [&](auto zero) { weighted_sum_as<decltype(zero)>(device_.stream(), a, x, b, y, out); });
}

double CudaBackend::dot(ConstView x, ConstView y) {
  check_alike(x, y);
  auto* const strides = device_.scratch<double>(kStrides + kSums);
  double* const sums = strides + kStrides;
  with_type_of(x,
               [&](auto zero) { sum_products<decltype(zero)>(device_.stream(), x, y, strides); });
  sum_strides(device_.stream(), strides, sums);

  std::vector<double> on_host(kSums);
  download({sums, kSums, Scalar::kF64}, std::span(on_host));
  double total = 0;
  for (const double sum : on_host) total += sum;
  return total;
}

}  // namespace kernels::cuda
