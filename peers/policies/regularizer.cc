#include "peers/policies/regularizer.h"

#include <fmt/format.h>

#include <cstddef>

#include "peers/policies/l2_init.h"
#include "peers/policies/spectral.h"
#include "peers/policies/wasserstein.h"

namespace peers {
namespace {

using Made = std::unique_ptr<Regularizer>;

// What the objective says, once for all kinds.
struct Parts {
  double strength = 0.0;
  std::vector<std::byte> memory;                     // of the start
  kernels::ConstView start;                          // host
  std::span<const models::ParameterTensor> tensors;  // learned
  kernels::Backend* backend = nullptr;
};

Parts parts_of(const RegularizerOptions& options, const Objective& objective,
               kernels::Backend& backend) {
  const std::size_t count = objective.parameter_count();
  Parts parts{.strength = options.strength,
              .memory = std::vector<std::byte>(count * kernels::bytes_of(objective.scalar())),
              .start = {},
              .tensors = objective.tensors(),
              .backend = &backend};
  const kernels::View host(parts.memory.data(), count, objective.scalar());
  objective.write_start(host);
  parts.start = host;
  // Learned ones come first.
  const std::size_t learned = count - objective.statistic_count();
  while (!parts.tensors.empty() && parts.tensors.back().offset >= learned)
    parts.tensors = parts.tensors.first(parts.tensors.size() - 1);
  return parts;
}

Made make_none(const Parts& /*parts*/) { return nullptr; }

Made make_l2_init(const Parts& parts) {
  kernels::Buffer start = parts.backend->allocate(parts.start.count(), parts.start.scalar());
  parts.backend->upload(parts.start, start.view());
  return std::make_unique<L2Init>(parts.strength, std::move(start), *parts.backend);
}

Made make_spectral(const Parts& parts) {
  return std::make_unique<Spectral>(parts.strength, parts.tensors, parts.start.scalar(),
                                    *parts.backend);
}

Made make_wasserstein(const Parts& parts) {
  return std::make_unique<Wasserstein>(parts.strength, parts.start, parts.tensors, *parts.backend);
}

struct Entry {
  std::string_view name;
  bool needs_tensors;
  Made (*make)(const Parts& parts);
};

constexpr Entry kRegularizers[] = {
    {"none", false, make_none},
    {"l2-init", false, make_l2_init},
    {"spectral", true, make_spectral},
    {"wasserstein", false, make_wasserstein},
};

}  // namespace

runtime::Result<Made> make_regularizer(const RegularizerOptions& options,
                                       const Objective& objective, kernels::Backend& backend) {
  for (const Entry& entry : kRegularizers) {
    if (entry.name != options.name) continue;
    if (entry.needs_tensors && objective.tensors().empty())
      return runtime::Error{fmt::format("regularizer '{}': there are no layers", options.name)};
    return entry.make(parts_of(options, objective, backend));
  }
  return runtime::Error{fmt::format("unknown regularizer '{}'; there are {}", options.name,
                                    fmt::join(regularizer_names(), ", "))};
}

std::vector<std::string_view> regularizer_names() {
  std::vector<std::string_view> names;
  for (const Entry& entry : kRegularizers) names.push_back(entry.name);
  return names;
}

}  // namespace peers
