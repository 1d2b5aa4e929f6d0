#include "peers/config_protocol.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "peers/config_fields.h"
#include "peers/config_toml.h"
#include "peers/config_values.h"
#include "runtime/check.h"

namespace peers {
namespace {

constexpr std::string_view kInStep[] = {"\"sync\""};
constexpr std::string_view kFreely[] = {"\"async\"", "\"bounded\""};
constexpr std::string_view kUniform[] = {"\"uniform\""};
constexpr std::string_view kMetropolis[] = {"\"metropolis\""};
constexpr std::string_view kComplete[] = {"\"complete\""};
constexpr std::string_view kExact[] = {"\"complete\"", "\"base-k\""};
constexpr std::string_view kBothWays[] = {
    "\"bidirectional-ring\"", "\"complete\"", "\"torus\"", "\"matching\"",
    "\"erdos-renyi\"",        "\"clusters\"", "\"file\""};
constexpr std::string_view kBothWaysAlways[] = {"\"bidirectional-ring\"", "\"complete\"",
                                                "\"torus\"", "\"clusters\"", "\"file\""};
constexpr std::string_view kAlways[] = {"\"exponential\"", "\"ring\"",  "\"bidirectional-ring\"",
                                        "\"complete\"",    "\"torus\"", "\"clusters\"",
                                        "\"file\""};
constexpr std::string_view kFixedShares[] = {"\"uniform\"", "\"metropolis\"", "\"constant\""};
constexpr std::string_view kAsTheyAre[] = {"\"f32\""};
constexpr std::string_view kAll[] = {"\"all\""};
constexpr std::string_view kOne[] = {"1.0"};
constexpr std::string_view kNone[] = {"\"none\""};
constexpr std::string_view kZero[] = {"0.0"};
constexpr std::string_view kNothing[] = {"\"\""};
constexpr std::string_view kSgd[] = {"\"sgd\""};
constexpr std::string_view kEveryStep[] = {"\"every-step\""};
constexpr std::string_view kPlainSchedules[] = {"\"every-step\"", "\"periodic\"", "\"stagewise\""};
constexpr std::string_view kTracking[] = {"\"gradient-tracking\""};

constexpr Demand kDSgd[] = {
    {"gossip.pace", kInStep, "all average at once"},
    {"gossip.weighting", kMetropolis, "what a peer gets must weigh as much as what it gives"},
    {"gossip.topology", kBothWays, "whom one gives to must give back"},
};
constexpr Demand kAllreduce[] = {
    {"gossip.pace", kInStep, "the average is of all peers' models of one round"},
    {"gossip.topology", kExact, "the average is of everybody's model"},
    {"gossip.weighting", kUniform, "all models count alike"},
    {"gossip.codec", kAsTheyAre,
     "what a codec loses stays with its owner, so averages would differ"},
    {"gossip.blocks_per_push", kAll, "the average is of whole models"},
    {"gossip.damping", kOne, "a damped average is none"},
};
constexpr Demand kSAddopt[] = {
    {"gossip.pace", kInStep, "the trackers add up to the gradients of one round"},
    {"gossip.weighting", kFixedShares, "distances between estimates are not those of trackers"},
    {"gossip.codec", kAsTheyAre, "trackers shrink as gradients do, and a codec would drown them"},
    {"gossip.blocks_per_push", kAll, "trackers are mixed with the parameters that they are of"},
    {"policy.correction", kTracking, "the companion that is mixed is a tracker"},
    {"policy.optimizer", kSgd, "steps go along the tracker, and momentum on top is unstable"},
    {"policy.plugin", kNothing, "steps go along the tracker"},
    {"policy.weight_decay", kZero, "what is added after the correction is not tracked"},
    {"policy.schedule", kEveryStep, "a gradient is tracked where it is mixed"},
    {"policy.outer", kNone, "a gradient is tracked where it is mixed"},
    {"security.norm_limit", kZero, "trackers are small at one peer and large at another"},
};
constexpr Demand kAdPsgd[] = {
    {"gossip.pace", kFreely, "a peer answers when it comes to it, and nobody waits"},
    {"gossip.topology", kComplete, "who asks whom is drawn among all"},
    {"gossip.weighting", kUniform, "both of a pair give half"},
    {"gossip.blocks_per_push", kAll, "a pair averages whole models"},
    {"gossip.damping", kOne, "a damped average is none"},
    {"policy.schedule", kPlainSchedules, "who is asked answers between two steps"},
    {"policy.correction", kNone,
     "pairs average at their own moments, and corrections go by rounds"},
    {"policy.outer", kNone, "pairs average at their own moments, and periods end at others"},
};
constexpr std::string_view kHeardAll = "who hears a difference must have heard all before it";
constexpr std::string_view kSmall = "differences are small where the parameters are not";
constexpr Demand kChoco[] = {
    {"gossip.pace", kInStep, "differences are added up in the order of the rounds"},
    {"gossip.weighting", kMetropolis, "what a peer gets must weigh as much as what it gives"},
    {"gossip.topology", kBothWaysAlways, kHeardAll},
    {"security.norm_limit", kZero, kSmall},
};
constexpr Demand kQuantized[] = {
    {"gossip.pace", kInStep, "differences are added up in the order of the rounds"},
    {"gossip.weighting", kFixedShares, "distances between differences say nothing of estimates"},
    {"gossip.topology", kAlways, kHeardAll},
    {"security.norm_limit", kZero, kSmall},
};
constexpr Demand kLiec[] = {
    {"gossip.pace", kInStep, "all average in the same rounds"},
    {"gossip.weighting", kFixedShares, "distances between steps say nothing of estimates"},
    {"gossip.blocks_per_push", kAll, "a step is of all parameters; see push-sum for some blocks"},
    {"gossip.damping", kOne, "a damped average is none"},
    {"policy.schedule", kEveryStep, "it is the step that is pushed"},
    {"policy.correction", kNone, "a mix moves by steps, and shows no disagreement"},
    {"policy.outer", kNone, "it is the step that is pushed"},
    {"security.norm_limit", kZero, "steps are small where the parameters are not"},
};

constexpr Protocol kProtocols[] = {
    {"push-sum",
     "weighted shares pushed, read as x / w",
     "Kempe et al. 2003, Assran et al. 2019",
     {}},
    {"quantized-push-sum", "push-sum of what x is said to be: coded differences travel",
     "Taheri et al. 2020", kQuantized, 0, false, gossip::ParcelKind::kDifference},
    {"choco", "the same on a doubly stochastic graph: CHOCO-SGD", "Koloskova et al. 2019", kChoco,
     0, false, gossip::ParcelKind::kDifference},
    {"liec", "coded steps, what the code loses compensated at once; exact averages in between",
     "Cheng et al. 2024", kLiec, 0, false, gossip::ParcelKind::kStep},
    {"d-sgd", "doubly stochastic averaging with neighbours, in step", "Lian et al. 2017", kDSgd},
    {"allreduce", "the exact average of all, in step", "Chen et al. 2016", kAllreduce, 0, false,
     gossip::ParcelKind::kMass, true},
    {"ad-psgd", "a peer and one drawn average the two models, each pair when it comes to it",
     "Lian et al. 2018", kAdPsgd, 0, false, gossip::ParcelKind::kRequest},
    {"s-addopt", "gradient tracking: a companion of the parameters follows the mean gradient",
     "Qureshi et al. 2020", kSAddopt, 1, true},
};

constexpr auto kChoices = [] {
  std::array<Choice, std::size(kProtocols)> choices{};
  std::ranges::transform(kProtocols, choices.begin(), [](const Protocol& protocol) {
    return Choice{protocol.name, protocol.summary};
  });
  return choices;
}();

}  // namespace

std::span<const Protocol> protocols() { return kProtocols; }

std::span<const Choice> protocol_choices() { return kChoices; }

const Protocol* find_protocol(std::string_view name) {
  const auto* found = std::ranges::find(kProtocols, name, &Protocol::name);
  return found == std::end(kProtocols) ? nullptr : found;
}

// Up to where they meet among ten to sixteen peers: tests/gossip/differences_test.cc.
double stable_damping(const GossipConfig& gossip) {
  const Protocol* protocol = find_protocol(gossip.protocol);
  if (protocol == nullptr || protocol->parcels != gossip::ParcelKind::kDifference) return 1.0;
  if (gossip.codec == "topk") return std::min(0.2, 4.0 * gossip.share_kept);
  if (gossip.codec == "randomk") return std::min(0.2, gossip.share_kept);
  if (gossip.codec == "sign") return 0.4;
  return gossip.codec == "int4" ? 0.5 : 1.0;
}

void check_protocol(const Config& config, std::vector<Problem>& problems) {
  const Protocol* protocol = find_protocol(config.gossip.protocol);
  CHECK(protocol != nullptr);
  Config copy = config;
  for (const Field& field : fields_of(copy)) {
    for (const Demand& demand : protocol->demands) {
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
