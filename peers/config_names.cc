#include "peers/config_names.h"

#include <algorithm>
#include <iterator>

#include "peers/config_presets.h"
#include "peers/config_protocol.h"

namespace peers {
namespace {


constexpr Choice kSets[] = {
    {"glyphs", "ten classes of generated 28x28 grey images, built in"},
    {"idx", "a folder in MNIST's format: MNIST, Fashion-MNIST, ..."},
    {"cifar10", "a folder with CIFAR-10's binary version"},
    {"cifar100", "a folder with CIFAR-100's binary version"},
    {"text", "a text file, character by character: which comes next"},
};
constexpr Choice kPartitions[] = {
    {"iid", "shuffled, dealt evenly"},
    {"dirichlet", "each class split in Dirichlet(alpha) shares: small alpha, few classes a peer"},
    {"shards", "sorted by class, cut into two shards a peer"},
    {"clusters", "half of the classes for the first half of the peers, the rest for the others"},
    {"contiguous", "in file order, cut evenly"},
};
constexpr Choice kTasks[] = {
    {"none", "one task: the set as it is"},
    {"label-permutation", "classes change their names from task to task"},
    {"pixel-permutation", "pixels change places from task to task"},
    {"class-incremental", "classes come group by group, and stay"},
};
constexpr Choice kModels[] = {
    {"logistic", "one dense layer"},
    {"mlp", "784-512-256-10, ReLU"},
    {"lenet5", "two convolutions and three dense layers"},
    {"resnet20", "residual network of 16 to 64 channels, for small images"},
    {"resnet18", "residual network of 64 to 512 channels, for small images"},
    {"resnet50", "residual network of bottlenecks, 256 to 2048 channels, for small images"},
    {"vgg11", "eight convolutions with batch normalisation, for images of 32x32 and more"},
    {"vgg16", "thirteen convolutions with batch normalisation, for images of 32x32 and more"},
    {"vit-tiny", "six blocks of attention on 128 channels over patches of 4x4, for 32x32 images"},
    {"gpt-mini", "four blocks of causal attention on 128 channels, for texts"},
    {"layers", "as listed in model.layers"},
};
constexpr Choice kBatchPolicies[] = {
    {"fixed", "the same in every step"},
    {"divebatch", "as large as the gradients of all peers' samples are diverse, never smaller"},
};
constexpr Choice kTrainPrecisions[] = {
    {"f32", "32-bit floating point"},
    {"tf32", "products of factors of 11 significant bits, summed in f32; on a GPU"},
    {"bf16", "products of bf16 factors, summed in f32; all that is kept is f32"},
};
constexpr Choice kOptimizers[] = {
    {"sgd", "x -= rate * gradient"},
    {"momentum", "m = momentum * m + gradient; x -= rate * m"},
    {"adamw", "Adam, with weight decay beside the moments"},
    {"lamb", "AdamW's step, each parameter tensor's as long as the tensor"},
    {"sam", "sharpness-aware minimisation: momentum on gradients from rho uphill"},
    {"lightsam-norm", "LightSAM-I: sam with one adaptive scale (AdaGrad-Norm)"},
    {"lightsam-adagrad", "LightSAM-II: sam with an adaptive scale a parameter (AdaGrad)"},
    {"lightsam-adam", "LightSAM-III: sam with Adam's moments for both gradients"},
};
constexpr Choice kLearningRateRules[] = {
    {"constant", "the same in every step"},
    {"cosine", "half a cosine down to zero"},
    {"step", "times decay_factor at each of decay_at"},
};
constexpr Choice kSchedules[] = {
    {"every-step", "push after every step"},
    {"periodic", "push after every `period` local steps"},
    {"overlapped", "as periodic, and what is pushed travels while the next period computes"},
    {"stagewise", "stages: each longer, of a lower rate and a longer period"},
};
constexpr Choice kOrders[] = {
    {"adapt-then-combine", "the step, then the push: averages hold it"},
    {"adapt-while-communicate", "the push, then the step, from the gradient before both"},
};
constexpr Choice kStages[] = {
    {"sc", "strongly convex: each twice as long, at half the rate"},
    {"nc-1", "as sc, and pulled to where the stage began"},
    {"nc-2", "the s-th s times as long, at 1/s of the rate, and pulled"},
};
constexpr Choice kStageData[] = {
    {"iid", "all peers' data alike: the period grows as the stages do"},
    {"non-iid", "they differ: the period grows as the root of that"},
};
constexpr Choice kCorrections[] = {
    {"none", "the gradient as it is"},
    {"vrl", "variance-reduced local SGD: less how far this peer's mean gradient is off"},
    {"quasi-global-momentum", "momentum of the way that the mixed model takes"},
    {"gradient-tracking", "S-ADDOPT: steps along a tracker of everybody's mean gradient"},
    {"fedaware", "FedAWARE: rescaled so that peers average to what descends for all of them"},
};
constexpr Choice kRegularizers[] = {
    {"none", "the loss as it is"},
    {"l2-init", "the squared distance from the start"},
    {"spectral", "holds each layer's largest singular value near one, biases near zero"},
    {"wasserstein", "holds each tensor's weights, sorted, to those of the start, sorted"},
};
constexpr Choice kOuters[] = {
    {"none", "the next period starts from the mix"},
    {"nesterov", "DiLoCo's: Nesterov's momentum of the way that periods and mixes take"},
    {"heavy-ball", "NoLoCo's: the same without a look ahead"},
};
constexpr Choice kWeightings[] = {
    {"uniform", "equal shares for oneself and every receiver, or as the topology prescribes"},
    {"moreau", "the farther a receiver's estimate, the larger its share"},
    {"metropolis", "1 / (1 + the larger degree of both), where pushes go both ways"},
    {"constant", "constant_share of an equal share to each receiver"},
};
constexpr Choice kTopologies[] = {
    {"complete", "to everybody"},
    {"ring", "to the next peer"},
    {"bidirectional-ring", "to both neighbours"},
    {"torus", "to four neighbours on a torus"},
    {"exponential", "to the peers 1, 2, 4, ... places on"},
    {"one-peer-exponential", "to one peer, 1, 2, 4, ... places on, in turn"},
    {"p-peer-exponential", "to `fanout` peers, 1, 2, .. times a power of fanout + 1 places on"},
    {"random-k", "to `fanout` peers, drawn anew each round"},
    {"random-regular", "to `fanout` peers and from as many, drawn anew each round"},
    {"matching", "pairs, drawn anew each round"},
    {"erdos-renyi", "each pair joined by chance each round, `fanout` a peer on average"},
    {"base-k", "in groups of at most fanout + 1: exact after few rounds, for any number of peers"},
    {"equidynamic", "to one peer, so many places on as is drawn each round for all"},
    {"clusters", "two cliques and a bridge"},
    {"view", "to `fanout` peers of a small view, drawn anew each round"},
    {"file", "a sequence of matrices in topology_file"},
};
constexpr Choice kPaces[] = {
    {"async", "never waits"},
    {"sync", "rounds in step"},
    {"bounded", "waits only while more than max_lead rounds ahead"},
};
constexpr Choice kCodecs[] = {
    {"f32", "as it is"},
    {"bf16", "16-bit brain floating point"},
    {"f16", "16-bit floating point, up to 65504"},
    {"int8", "8-bit integers with a scale for every 256"},
    {"int4", "4-bit integers with a scale for every 256"},
    {"topk", "the largest numbers; not with push-sum"},
    {"randomk", "numbers drawn at random; not with push-sum"},
    {"sign", "signs and one scale a block; not with push-sum"},
};
constexpr Choice kBlockChoices[] = {
    {"round-robin", "in turn"},
    {"random", "drawn anew each round, the same at every peer"},
};
constexpr Choice kDistances[] = {
    {"sketch", "from small random projections"},
    {"exact", "from the last parcel of every in-neighbour, kept"},
};
constexpr Choice kSpaces[] = {
    {"estimate", "z"},
    {"mass", "x"},
};
constexpr Choice kDiscoveries[] = {
    {"none", "only the addresses that were given"},
    {"beacon", "UDP announcements on this machine, or on the network where peer.listen is"},
};
constexpr Choice kSecurityModes[] = {
    {"none", "no encryption, no authentication"},
    {"curve", "encrypted; authorized keys only"},
};
constexpr Choice kNormActions[] = {
    {"refuse", "its sender keeps it; by how large it is"},
    {"clip", "self-centred clipping: taken as far as the limit; by how far it is from one's own"},
};
constexpr Choice kObjectives[] = {
    {"network", "the model on the data"},
    {"quadratic", "f_i(z) = 1/2 sum_k h_ik (z_k - c_ik)^2"},
    {"logistic", "f_i(z) = mean_j log(1 + exp(-y_ij <a_ij, z>)) + l2 / 2 |z|^2"},
};
constexpr Choice kSimulatePrecisions[] = {
    {"f32", "as in a real run"},
    {"f64", "64-bit parameters; not of networks"},
};

struct KeyChoices {
  std::string_view key;
  std::span<const Choice> choices;
};

constexpr KeyChoices kChoices[] = {
    {"data.set", kSets},
    {"data.partition", kPartitions},
    {"data.tasks", kTasks},
    {"model.kind", kModels},
    {"train.batch_policy", kBatchPolicies},
    {"train.precision", kTrainPrecisions},
    {"policy.optimizer", kOptimizers},
    {"policy.learning_rate_rule", kLearningRateRules},
    {"policy.schedule", kSchedules},
    {"policy.stages", kStages},
    {"policy.stage_data", kStageData},
    {"policy.correction", kCorrections},
    {"policy.regularizer", kRegularizers},
    {"policy.outer", kOuters},
    {"policy.order", kOrders},
    {"gossip.weighting", kWeightings},
    {"gossip.topology", kTopologies},
    {"gossip.pace", kPaces},
    {"gossip.codec", kCodecs},
    {"gossip.block_choice", kBlockChoices},
    {"gossip.moreau.distance", kDistances},
    {"gossip.moreau.space", kSpaces},
    {"membership.discovery", kDiscoveries},
    {"security.mode", kSecurityModes},
    {"security.norm_action", kNormActions},
    {"objective.kind", kObjectives},
    {"simulate.precision", kSimulatePrecisions},
};

}  // namespace

std::span<const Choice> choices_of(std::string_view key) {
  if (key == "policy.preset") return preset_choices();
  if (key == "gossip.protocol") return protocol_choices();
  const auto* found = std::ranges::find(kChoices, key, &KeyChoices::key);
  if (found == std::end(kChoices)) return {};
  return found->choices;
}

}  // namespace peers
