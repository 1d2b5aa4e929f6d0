#pragma once
// What every figure is reported as: the median of several windows, and how far they scatter.

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <vector>

namespace bench {

// Prints "name": {"median": m, "min": a, "max": b}. `values` must not be empty.
inline void print_spread(const char* name, std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  const double median =
      values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  std::printf("\"%s\": {\"median\": %.6g, \"min\": %.6g, \"max\": %.6g}", name, median,
              values.front(), values.back());
}

}  // namespace bench
