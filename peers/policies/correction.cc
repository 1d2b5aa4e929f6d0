#include "peers/policies/correction.h"

#include <fmt/format.h>

#include "peers/policies/fedaware.h"
#include "peers/policies/gradient_tracking.h"
#include "peers/policies/quasi_global_momentum.h"
#include "peers/policies/vrl.h"

namespace peers {
namespace {

using Made = std::unique_ptr<Correction>;

Made make_none(const CorrectionOptions& /*options*/, const VectorSpace& /*space*/) {
  return nullptr;
}

template <typename Kind>
Made make(const CorrectionOptions& options, const VectorSpace& space) {
  return std::make_unique<Kind>(options, space);
}

struct Entry {
  std::string_view name;
  Made (*make)(const CorrectionOptions& options, const VectorSpace& space);
};

constexpr Entry kCorrections[] = {
    {"none", make_none},
    {"vrl", make<Vrl>},
    {"quasi-global-momentum", make<QuasiGlobalMomentum>},
    {"gradient-tracking", make<GradientTracking>},
    {"fedaware", make<FedAware>},
};

}  // namespace

runtime::Result<Made> make_correction(const CorrectionOptions& options, const VectorSpace& space) {
  for (const Entry& entry : kCorrections) {
    if (entry.name == options.name) return entry.make(options, space);
  }
  return runtime::Error{fmt::format("unknown correction '{}'; there are {}", options.name,
                                    fmt::join(correction_names(), ", "))};
}

std::vector<std::string_view> correction_names() {
  std::vector<std::string_view> names;
  for (const Entry& entry : kCorrections) names.push_back(entry.name);
  return names;
}

}  // namespace peers
