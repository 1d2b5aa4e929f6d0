#include "peers/config_protocol.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "peers/config_fields.h"
#include "peers/config_toml.h"
#include "peers/config_values.h"

namespace peers {
namespace {

constexpr std::string_view kInStep[] = {"\"sync\""};
constexpr std::string_view kUniform[] = {"\"uniform\""};
constexpr std::string_view kMetropolis[] = {"\"metropolis\""};
constexpr std::string_view kComplete[] = {"\"complete\""};
constexpr std::string_view kBothWays[] = {
    "\"bidirectional-ring\"", "\"complete\"", "\"torus\"", "\"matching\"",
    "\"erdos-renyi\"",        "\"clusters\"", "\"file\""};
constexpr std::string_view kAsTheyAre[] = {"\"f32\""};
constexpr std::string_view kAll[] = {"\"all\""};
constexpr std::string_view kOne[] = {"1.0"};

constexpr Demand kDSgd[] = {
    {"gossip.pace", kInStep, "all average at once"},
    {"gossip.weighting", kMetropolis, "what a peer gets must weigh as much as what it gives"},
    {"gossip.topology", kBothWays, "whom one gives to must give back"},
};
constexpr Demand kAllreduce[] = {
    {"gossip.pace", kInStep, "the average is of all peers' models of one round"},
    {"gossip.topology", kComplete, "the average is of everybody's model"},
    {"gossip.weighting", kUniform, "all models count alike"},
    {"gossip.codec", kAsTheyAre,
     "what a codec loses stays with its owner, so averages would differ"},
    {"gossip.blocks_per_push", kAll, "the average is of whole models"},
    {"gossip.damping", kOne, "a damped average is none"},
};

constexpr Protocol kProtocols[] = {
    {"push-sum",
     "weighted shares pushed, read as x / w",
     "Kempe et al. 2003, Assran et al. 2019",
     {}},
    {"d-sgd", "doubly stochastic averaging with neighbours, in step", "Lian et al. 2017", kDSgd},
    {"allreduce", "the exact average of all, in step", "Chen et al. 2016", kAllreduce},
};

// Of the contract, in versions to come.
constexpr Choice kLater[] = {
    {"quantized-push-sum", "push-sum of quantised differences", false},
    {"choco", "CHOCO-SGD", false},
    {"liec", "LIEC-SGD", false},
    {"ad-psgd", "asynchronous pairwise averaging", false},
    {"s-addopt", "gradient tracking over push-sum", false},
};

constexpr auto kChoices = [] {
  std::array<Choice, std::size(kProtocols) + std::size(kLater)> choices{};
  auto* end = std::ranges::transform(kProtocols, choices.begin(), [](const Protocol& protocol) {
                return Choice{protocol.name, protocol.summary};
              }).out;
  std::ranges::copy(kLater, end);
  return choices;
}();

}  // namespace

std::span<const Protocol> protocols() { return kProtocols; }

std::span<const Choice> protocol_choices() { return kChoices; }

std::span<const Demand> demands_of(std::string_view protocol) {
  const auto* found = std::ranges::find(kProtocols, protocol, &Protocol::name);
  if (found == std::end(kProtocols)) return {};
  return found->demands;
}

void check_protocol(const Config& config, std::vector<Problem>& problems) {
  Config copy = config;
  for (const Field& field : fields_of(copy)) {
    for (const Demand& demand : demands_of(config.gossip.protocol)) {
      if (demand.key != field.key) continue;
      const std::string got = field_text(field);
      if (std::ranges::find(demand.allowed, got) != demand.allowed.end()) continue;
      problems.push_back(
          {demand.key, fmt::format("with gossip.protocol = {} {}: expected {}, got {}",
                                   toml_text(config.gossip.protocol), demand.reason,
                                   fmt::join(demand.allowed, " or "), got)});
    }
  }
}

}  // namespace peers
