#include "peers/policies/regularizer.h"

#include <fmt/format.h>

#include <cstddef>

#include "peers/policies/l2_init.h"

namespace peers {
namespace {

using Made = std::unique_ptr<Regularizer>;

struct Parts {
  double strength;
  const Objective* objective;
  kernels::Backend* backend;
};

kernels::Buffer start_of(const Parts& parts) {
  const std::size_t count = parts.objective->parameter_count();
  const kernels::Scalar scalar = parts.objective->scalar();
  std::vector<std::byte> memory(count * kernels::bytes_of(scalar));
  const kernels::View host(memory.data(), count, scalar);
  parts.objective->write_start(host);
  kernels::Buffer start = parts.backend->allocate(count, scalar);
  parts.backend->upload(host, start.view());
  return start;
}

Made make_none(const Parts& /*parts*/) { return nullptr; }

Made make_l2_init(const Parts& parts) {
  return std::make_unique<L2Init>(parts.strength, start_of(parts), *parts.backend);
}

struct Entry {
  std::string_view name;
  Made (*make)(const Parts& parts);
};

constexpr Entry kRegularizers[] = {
    {"none", make_none},
    {"l2-init", make_l2_init},
};

}  // namespace

runtime::Result<Made> make_regularizer(const RegularizerOptions& options,
                                       const Objective& objective, kernels::Backend& backend) {
  for (const Entry& entry : kRegularizers) {
    if (entry.name == options.name) return entry.make({options.strength, &objective, &backend});
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
