#include <cmath>

#include "kernels/reference/backend.h"
#include "kernels/reference/scalars.h"

namespace kernels::reference {
namespace {

void check_alike(ConstView x, ConstView y) {
  CHECK(x.count() == y.count() && x.scalar() == y.scalar());
}

}  // namespace

void ReferenceBackend::fill(double a, View x) {
  with_type(x.scalar(), [&](auto zero) {
    using T = decltype(zero);
    for (T& value : x.as<T>()) value = static_cast<T>(a);
  });
}

void ReferenceBackend::copy(ConstView x, View y) {
  check_alike(x, y);
  with_type(x.scalar(), [&](auto zero) {
    using T = decltype(zero);
    for (std::size_t i = 0; i < x.count(); ++i) y.as<T>()[i] = x.as<T>()[i];
  });
}

void ReferenceBackend::scale(double a, View x) {
  with_type(x.scalar(), [&](auto zero) {
    using T = decltype(zero);
    for (T& value : x.as<T>()) value = static_cast<T>(a) * value;
  });
}

void ReferenceBackend::axpy(double a, ConstView x, View y) {
  check_alike(x, y);
  with_type(x.scalar(), [&](auto zero) {
    using T = decltype(zero);
    for (std::size_t i = 0; i < x.count(); ++i) y.as<T>()[i] += static_cast<T>(a) * x.as<T>()[i];
  });
}

void ReferenceBackend::accumulate(double a, double b, View x, View y) {
  check_alike(x, y);
  with_type(x.scalar(), [&](auto zero) {
    using T = decltype(zero);
    for (std::size_t i = 0; i < x.count(); ++i) {
      y.as<T>()[i] = static_cast<T>(b) * y.as<T>()[i] + x.as<T>()[i];
      x.as<T>()[i] = static_cast<T>(a) * y.as<T>()[i];
    }
  });
}

void ReferenceBackend::accumulate_squares(double a, double b, ConstView x, View y) {
  check_alike(x, y);
  with_type(x.scalar(), [&](auto zero) {
    using T = decltype(zero);
    for (std::size_t i = 0; i < x.count(); ++i) {
      const T square = x.as<T>()[i] * x.as<T>()[i];
      y.as<T>()[i] = static_cast<T>(b) * y.as<T>()[i] + static_cast<T>(a) * square;
    }
  });
}

void ReferenceBackend::divide_by_root(double a, double epsilon, ConstView x, View y) {
  check_alike(x, y);
  with_type(x.scalar(), [&](auto zero) {
    using T = decltype(zero);
    for (std::size_t i = 0; i < x.count(); ++i) {
      const T root = std::sqrt(x.as<T>()[i]) + static_cast<T>(epsilon);
      y.as<T>()[i] = static_cast<T>(a) * y.as<T>()[i] / root;
    }
  });
}

void ReferenceBackend::weighted_sum(double a, ConstView x, double b, ConstView y, View out) {
  check_alike(x, y);
  check_alike(x, out);
  with_type(x.scalar(), [&](auto zero) {
    using T = decltype(zero);
    for (std::size_t i = 0; i < x.count(); ++i)
      out.as<T>()[i] = static_cast<T>(a) * x.as<T>()[i] + static_cast<T>(b) * y.as<T>()[i];
  });
}

double ReferenceBackend::dot(ConstView x, ConstView y) {
  check_alike(x, y);
  return with_type(x.scalar(), [&](auto zero) {
    using T = decltype(zero);
    double sum = 0.0;
    for (std::size_t i = 0; i < x.count(); ++i)
      sum += static_cast<double>(x.as<T>()[i]) * static_cast<double>(y.as<T>()[i]);
    return sum;
  });
}

}  // namespace kernels::reference
