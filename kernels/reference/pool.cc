#include <vector>

#include "kernels/fits.h"
#include "kernels/reference/backend.h"
#include "kernels/reference/scalars.h"

namespace kernels::reference {
namespace {

// Calls action(out_index, in_index of the window's first number) for every number of the output.
template <typename Action>
void for_windows(const PoolShape& s, Action action) {
  std::size_t index = 0;
  for (std::size_t n = 0; n < s.batch; ++n)
    for (std::size_t y = 0; y < s.out_height(); ++y)
      for (std::size_t x = 0; x < s.out_width(); ++x)
        for (std::size_t c = 0; c < s.channels; ++c) {
          const std::size_t pixel = (n * s.in_height + y * s.stride) * s.in_width + x * s.stride;
          action(index++, pixel * s.channels + c);
        }
}

// Calls action(in_index) for every number of one window, row by row.
template <typename Action>
void for_window(const PoolShape& s, std::size_t first, Action action) {
  for (std::size_t wy = 0; wy < s.window; ++wy)
    for (std::size_t wx = 0; wx < s.window; ++wx)
      action(first + (wy * s.in_width + wx) * s.channels);
}

// Which number of the window is the largest: the first of equals.
template <typename T>
std::size_t largest(const PoolShape& s, std::span<const T> in, std::size_t first) {
  std::size_t best = first;
  for_window(s, first, [&](std::size_t i) {
    if (in[i] > in[best]) best = i;
  });
  return best;
}

template <typename T>
void forward(const PoolShape& s, std::span<const T> in, std::span<T> out) {
  const auto window = static_cast<double>(s.window * s.window);
  for_windows(s, [&](std::size_t index, std::size_t first) {
    if (s.kind == PoolKind::kMax) {
      out[index] = in[largest(s, in, first)];
      return;
    }
    double sum = 0.0;
    for_window(s, first, [&](std::size_t i) { sum += static_cast<double>(in[i]); });
    out[index] = static_cast<T>(sum / window);
  });
}

template <typename T>
void backward(const PoolShape& s, std::span<const T> in, std::span<const T> d_out,
              std::span<T> d_in) {
  const auto window = static_cast<double>(s.window * s.window);
  std::vector<double> sums(d_in.size(), 0.0);
  for_windows(s, [&](std::size_t index, std::size_t first) {
    const auto d = static_cast<double>(d_out[index]);
    if (s.kind == PoolKind::kMax) {
      sums[largest(s, in, first)] += d;
      return;
    }
    for_window(s, first, [&](std::size_t i) { sums[i] += d / window; });
  });
  for (std::size_t i = 0; i < d_in.size(); ++i) d_in[i] = static_cast<T>(sums[i]);
}

}  // namespace

void ReferenceBackend::pool_forward(const PoolShape& shape, ConstView in, View out) {
  CHECK(fits(shape, in, out));
  with_type(in.scalar(), [&](auto zero) {
    using T = decltype(zero);
    forward<T>(shape, in.as<T>(), out.as<T>());
  });
}

void ReferenceBackend::pool_backward(const PoolShape& shape, const PoolSaved& saved,
                                     ConstView d_out, View d_in) {
  CHECK(fits(shape, saved.in, saved.out));
  CHECK(fits(shape, d_in, d_out));
  with_type(saved.in.scalar(), [&](auto zero) {
    using T = decltype(zero);
    backward<T>(shape, saved.in.as<T>(), d_out.as<T>(), d_in.as<T>());
  });
}

}  // namespace kernels::reference
