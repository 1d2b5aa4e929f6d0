#include <vector>

#include "gossip/mass.h"
#include "kernels/open_backend.h"
#include "kernels/vector.h"
#include "peers/bench.h"
#include "peers/bench_clock.h"

namespace peers {

runtime::Result<BenchMixReport> bench_mix(const BenchMixOptions& options) {
  auto opened = kernels::open_backend({"cpu", 1});
  if (!opened) return opened.error();
  const gossip::BlockLayout layout(options.bytes / sizeof(float), options.block_bytes,
                                   kernels::Scalar::kF32);
  const std::vector<float> start(layout.parameter_count(), 1.0F);
  const std::vector<float> arrived(layout.parameter_count(), 1e-3F);  // no sum grows out of hand
  std::vector<float> sum = start;
  gossip::Mass mass(layout, *opened->backend, std::span(start));
  std::vector<gossip::BlockArrival> arrivals;
  for (std::uint32_t block = 0; block < layout.block_count(); ++block) {
    const auto [offset, count] = layout.range(block);
    arrivals.push_back({.block = block,
                        .weight = 1e-3,
                        .factor = 0.5,
                        .numbers = std::span(arrived).subspan(offset, count)});
  }
  const std::size_t bytes = layout.parameter_count() * sizeof(float);
  std::vector<double> fold;
  std::vector<double> triad;
  std::vector<double> ratio;
  for (std::size_t window = 0; window < options.windows; ++window) {
    fold.push_back(gigabytes_per_second(options.window_seconds, bytes, [&] {
      for (const gossip::BlockArrival& arrival : arrivals) mass.fold(arrival);
    }));
    triad.push_back(gigabytes_per_second(options.window_seconds, bytes, [&] {
      kernels::vector::axpy(0.5, std::span(arrived), std::span(sum));
    }));
    ratio.push_back(fold.back() / triad.back());
  }
  return BenchMixReport{spread_of(fold), spread_of(triad), spread_of(ratio)};
}

}  // namespace peers
