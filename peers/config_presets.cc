#include "peers/config_presets.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace peers {
namespace {

constexpr PresetValue kSgp[] = {
    {"policy.optimizer", "\"momentum\""},  {"policy.momentum", "0.9"},
    {"policy.schedule", "\"every-step\""}, {"policy.period", "1"},
    {"policy.correction", "\"none\""},     {"policy.regularizer", "\"none\""},
};
constexpr PresetValue kSgap[] = {
    {"policy.optimizer", "\"sgd\""},
    {"policy.schedule", "\"every-step\""},
    {"policy.period", "1"},
    {"policy.correction", "\"none\""},
    {"policy.regularizer", "\"none\""},
    {"gossip.weighting", "\"moreau\""},
    {"gossip.moreau.distance", "\"exact\""},
    {"gossip.moreau.space", "\"mass\""},
};
constexpr PresetValue kMsgap[] = {
    {"policy.optimizer", "\"momentum\""},
    {"policy.momentum", "0.8"},
    {"policy.nesterov", "false"},
    {"policy.schedule", "\"every-step\""},
    {"policy.period", "1"},
    {"policy.correction", "\"none\""},
    {"policy.regularizer", "\"none\""},
    {"gossip.weighting", "\"moreau\""},
    {"gossip.moreau.distance", "\"exact\""},
    {"gossip.moreau.space", "\"mass\""},
};
constexpr PresetValue kDSgd[] = {
    {"policy.optimizer", "\"sgd\""},
    {"policy.schedule", "\"every-step\""},
    {"policy.period", "1"},
    {"policy.correction", "\"none\""},
    {"policy.regularizer", "\"none\""},
    {"gossip.protocol", "\"d-sgd\""},
    {"gossip.topology", "\"bidirectional-ring\""},
};
constexpr PresetValue kCSgd[] = {
    {"policy.optimizer", "\"sgd\""},
    {"policy.schedule", "\"every-step\""},
    {"policy.period", "1"},
    {"policy.correction", "\"none\""},
    {"policy.regularizer", "\"none\""},
    {"gossip.protocol", "\"allreduce\""},
};
constexpr PresetValue kSAddopt[] = {
    {"policy.optimizer", "\"sgd\""},
    {"policy.schedule", "\"every-step\""},
    {"policy.period", "1"},
    {"policy.correction", "\"gradient-tracking\""},
    {"policy.regularizer", "\"none\""},
    {"gossip.protocol", "\"s-addopt\""},
};
constexpr PresetValue kChocoSgd[] = {
    {"policy.optimizer", "\"momentum\""},
    {"policy.momentum", "0.9"},
    {"policy.nesterov", "true"},
    {"policy.schedule", "\"every-step\""},
    {"policy.period", "1"},
    {"policy.correction", "\"none\""},
    {"policy.regularizer", "\"none\""},
    {"gossip.protocol", "\"choco\""},
    {"gossip.codec", "\"sign\""},
};
constexpr PresetValue kQuantized[] = {
    {"policy.optimizer", "\"momentum\""},
    {"policy.momentum", "0.9"},
    {"policy.schedule", "\"every-step\""},
    {"policy.period", "1"},
    {"policy.correction", "\"none\""},
    {"policy.regularizer", "\"none\""},
    {"gossip.protocol", "\"quantized-push-sum\""},
    {"gossip.topology", "\"exponential\""},
    {"gossip.codec", "\"int8\""},
};
constexpr PresetValue kLiec[] = {
    {"policy.optimizer", "\"momentum\""},  {"policy.momentum", "0.9"},
    {"policy.schedule", "\"every-step\""}, {"policy.period", "1"},
    {"policy.correction", "\"none\""},     {"policy.regularizer", "\"none\""},
    {"gossip.protocol", "\"liec\""},       {"gossip.codec", "\"sign\""},
    {"gossip.average_every", "32"},
};
constexpr PresetValue kLocalSgd[] = {
    {"policy.optimizer", "\"sgd\""},   {"policy.schedule", "\"periodic\""}, {"policy.period", "8"},
    {"policy.correction", "\"none\""}, {"policy.regularizer", "\"none\""},
};
constexpr PresetValue kCocodSgd[] = {
    {"policy.optimizer", "\"sgd\""},
    {"policy.schedule", "\"overlapped\""},
    {"policy.period", "5"},
    {"policy.correction", "\"none\""},
    {"policy.regularizer", "\"none\""},
    {"gossip.pace", "\"sync\""},
};
// Stages only ever lower the rate: it starts high.
constexpr PresetValue kStlSc[] = {
    {"policy.optimizer", "\"sgd\""},
    {"policy.schedule", "\"stagewise\""},
    {"policy.period", "8"},
    {"policy.learning_rate", "0.2"},
    {"policy.stages", "\"sc\""},
    {"policy.correction", "\"none\""},
    {"policy.regularizer", "\"none\""},
};
// The pull: small, or the stages cannot leave where they began.
constexpr PresetValue kStlNc1[] = {
    {"policy.optimizer", "\"sgd\""},
    {"policy.schedule", "\"stagewise\""},
    {"policy.period", "8"},
    {"policy.learning_rate", "0.2"},
    {"policy.stages", "\"nc-1\""},
    {"policy.stage_pull", "1e-3"},
    {"policy.correction", "\"none\""},
    {"policy.regularizer", "\"none\""},
};
constexpr PresetValue kStlNc2[] = {
    {"policy.optimizer", "\"sgd\""},
    {"policy.schedule", "\"stagewise\""},
    {"policy.period", "8"},
    {"policy.learning_rate", "0.2"},
    {"policy.stages", "\"nc-2\""},
    {"policy.stage_pull", "1e-3"},
    {"policy.correction", "\"none\""},
    {"policy.regularizer", "\"none\""},
};
// Published with 500 steps a period, of runs of tens of thousands; these are a hundredth of a run.
constexpr PresetValue kDiloco[] = {
    {"policy.optimizer", "\"adamw\""},   {"policy.learning_rate", "0.001"},
    {"policy.schedule", "\"periodic\""}, {"policy.period", "50"},
    {"policy.correction", "\"none\""},   {"policy.regularizer", "\"none\""},
    {"policy.outer", "\"nesterov\""},    {"policy.outer_learning_rate", "0.7"},
    {"policy.outer_momentum", "0.9"},    {"gossip.topology", "\"complete\""},
    {"gossip.pace", "\"sync\""},
};
constexpr PresetValue kNoloco[] = {
    {"policy.optimizer", "\"adamw\""},   {"policy.learning_rate", "0.001"},
    {"policy.schedule", "\"periodic\""}, {"policy.period", "50"},
    {"policy.correction", "\"none\""},   {"policy.regularizer", "\"none\""},
    {"policy.outer", "\"heavy-ball\""},  {"policy.outer_learning_rate", "0.7"},
    {"policy.outer_momentum", "0.5"},    {"gossip.topology", "\"matching\""},
    {"gossip.pace", "\"sync\""},
};
constexpr PresetValue kVrlSgd[] = {
    {"policy.optimizer", "\"sgd\""},
    {"policy.schedule", "\"periodic\""},
    {"policy.period", "20"},
    {"policy.correction", "\"vrl\""},
    {"policy.correction_damping", "0.5"},
    {"policy.regularizer", "\"none\""},
    {"gossip.pace", "\"sync\""},
};
constexpr PresetValue kFedAware[] = {
    {"policy.optimizer", "\"sgd\""},
    {"policy.schedule", "\"periodic\""},
    {"policy.period", "20"},
    {"policy.correction", "\"fedaware\""},
    {"policy.fedaware_memory", "0.5"},
    {"policy.fedaware_rate", "1.0"},
    {"policy.fedaware_projected", "true"},
    {"policy.regularizer", "\"none\""},
    {"gossip.topology", "\"complete\""},
    {"gossip.pace", "\"sync\""},
};
constexpr PresetValue kQgDsgdm[] = {
    {"policy.optimizer", "\"sgd\""},
    {"policy.momentum", "0.9"},
    {"policy.nesterov", "false"},
    {"policy.schedule", "\"every-step\""},
    {"policy.period", "1"},
    {"policy.correction", "\"quasi-global-momentum\""},
    {"policy.regularizer", "\"none\""},
};
constexpr PresetValue kQgDsgdmN[] = {
    {"policy.optimizer", "\"sgd\""},
    {"policy.momentum", "0.9"},
    {"policy.nesterov", "true"},
    {"policy.schedule", "\"every-step\""},
    {"policy.period", "1"},
    {"policy.correction", "\"quasi-global-momentum\""},
    {"policy.regularizer", "\"none\""},
};
constexpr PresetValue kSam[] = {
    {"policy.optimizer", "\"sam\""},
    {"policy.rho", "0.05"},
    {"policy.momentum", "0.9"},
    {"policy.schedule", "\"every-step\""},
    {"policy.period", "1"},
    {"policy.correction", "\"none\""},
    {"policy.regularizer", "\"none\""},
};
// Rates and rho that learn LeNet-5: an adaptive step has its own scale, and where rho counts for
// each parameter by itself the way uphill is rho times the root of their number. The first step of
// lightsam-norm is as long as its rate, whatever the gradient: it needs a warm-up.
constexpr PresetValue kLightSam1[] = {
    {"policy.optimizer", "\"lightsam-norm\""},
    {"policy.learning_rate", "5.0"},
    {"policy.warm_up", "0.05"},
    {"policy.rho", "0.05"},
    {"policy.schedule", "\"every-step\""},
    {"policy.period", "1"},
    {"policy.correction", "\"none\""},
    {"policy.regularizer", "\"none\""},
};
constexpr PresetValue kLightSam2[] = {
    {"policy.optimizer", "\"lightsam-adagrad\""},
    {"policy.learning_rate", "0.03"},
    {"policy.rho", "1e-4"},
    {"policy.schedule", "\"every-step\""},
    {"policy.period", "1"},
    {"policy.correction", "\"none\""},
    {"policy.regularizer", "\"none\""},
};
constexpr PresetValue kLightSam3[] = {
    {"policy.optimizer", "\"lightsam-adam\""},
    {"policy.learning_rate", "0.003"},
    {"policy.rho", "1e-4"},
    {"policy.schedule", "\"every-step\""},
    {"policy.period", "1"},
    {"policy.correction", "\"none\""},
    {"policy.regularizer", "\"none\""},
};

constexpr Preset kPresets[] = {
    {"sgp", "Stochastic Gradient Push: momentum SGD, a push after every step", "Assran et al. 2019",
     kSgp},
    {"none", "nothing is filled in", "", {}},
    {"sgap", "SGD with push-sum shares that grow with distance", "Zhou et al. 2025", kSgap},
    {"msgap", "the same with momentum", "Zhou et al. 2025", kMsgap},
    {"d-sgd", "SGD, then averaging with both neighbours on a ring, in step", "Lian et al. 2017",
     kDSgd},
    {"c-sgd", "SGD, then the exact average of all, in step", "Chen et al. 2016", kCSgd},
    {"s-addopt", "SGD along a tracker of everybody's mean gradient, in step", "Qureshi et al. 2020",
     kSAddopt},
    {"choco-sgd", "momentum SGD, and signs of differences to both neighbours, in step",
     "Koloskova et al. 2020", kChocoSgd},
    {"quantized-push-sum", "momentum SGD, and push-sum of coded differences, in step",
     "Taheri et al. 2020", kQuantized},
    {"liec", "momentum SGD, signs of steps, and an exact average every 32, in step",
     "Cheng et al. 2024", kLiec},
    {"local-sgd", "a push after every eighth local step", "Stich 2018", kLocalSgd},
    {"cocod-sgd", "local SGD, a push travelling while the next five steps run", "Shen et al. 2019",
     kCocodSgd},
    {"stl-sgd-sc", "local SGD in stages, for strongly convex losses", "Shen et al. 2021", kStlSc},
    {"stl-sgd-nc1", "local SGD in stages that pull back, for losses that meet the PL condition",
     "Shen et al. 2021", kStlNc1},
    {"stl-sgd-nc2", "local SGD in stages that pull back, for any loss", "Shen et al. 2021",
     kStlNc2},
    {"diloco", "periods of AdamW, and Nesterov momentum over their exact mean",
     "Douillard et al. 2023", kDiloco},
    {"noloco", "periods of AdamW, and heavy-ball momentum over the mean of a random pair",
     "Kolehmainen et al. 2025", kNoloco},
    {"vrl-sgd", "variance-reduced local SGD, over gossip in step", "Liang et al. 2019", kVrlSgd},
    {"fedaware", "periods of SGD, averaged to what descends for all peers, in step",
     "Zeng et al. 2023", kFedAware},
    {"qg-dsgdm", "quasi-global momentum, heavy ball", "Lin et al. 2021", kQgDsgdm},
    {"qg-dsgdm-n", "quasi-global momentum, Nesterov's", "Lin et al. 2021", kQgDsgdmN},
    {"sam", "SGP with sharpness-aware gradients", "Foret et al. 2021", kSam},
    {"lightsam-1", "SGP with LightSAM-I", "Cheng et al. 2025", kLightSam1},
    {"lightsam-2", "SGP with LightSAM-II", "Cheng et al. 2025", kLightSam2},
    {"lightsam-3", "SGP with LightSAM-III", "Cheng et al. 2025", kLightSam3},
};

constexpr auto kChoices = [] {
  std::array<Choice, std::size(kPresets)> choices{};
  std::ranges::transform(kPresets, choices.begin(), [](const Preset& preset) {
    return Choice{preset.name, preset.summary};
  });
  return choices;
}();

}  // namespace

std::span<const Preset> presets() { return kPresets; }

std::span<const Choice> preset_choices() { return kChoices; }

std::span<const PresetValue> preset_values(std::string_view preset) {
  const auto* found = std::ranges::find(kPresets, preset, &Preset::name);
  if (found == std::end(kPresets)) return {};
  return found->values;
}

}  // namespace peers
