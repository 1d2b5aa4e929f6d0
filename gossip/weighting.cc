#include "gossip/weighting.h"

#include <array>
#include <string>

#include "gossip/weighting/kinds.h"

namespace gossip {
namespace {

constexpr std::array kNames{
    WeightingName{"uniform",
                  "equal shares to each receiver and to oneself, or as the topology prescribes"},
    WeightingName{"moreau", "the farther a receiver's estimate, the larger its share"},
    WeightingName{
        "metropolis",
        "1 / (1 + the larger degree of both): doubly stochastic where pushes go both ways"},
    WeightingName{"constant", "`constant_share` of an equal share to each receiver"},
};
constexpr std::array kMakers{make_uniform, make_moreau, make_metropolis, make_constant};
static_assert(kNames.size() == kMakers.size());

std::string known_names() {
  std::string names;
  for (const WeightingName& known : kNames)
    names.append(names.empty() ? "" : ", ").append(known.name);
  return names;
}

}  // namespace

runtime::Status check_prescribes_none(const Topology& topology, std::string_view name) {
  if (!topology.prescribes_shares()) return {};
  std::string refusal = "\"";
  refusal.append(name).append(
      "\" would overrule the shares that the topology prescribes, on which its mixing rests; use "
      "\"uniform\"");
  return runtime::Error{refusal};
}

std::span<const WeightingName> weighting_names() { return kNames; }

runtime::Result<std::unique_ptr<Weighting>> make_weighting(const WeightingOptions& options) {
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (kNames[i].name == options.name) return kMakers[i](options);
  return runtime::Error{"no weighting is called \"" + options.name +
                        "\"; there are: " + known_names()};
}

}  // namespace gossip
