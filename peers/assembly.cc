#include "peers/assembly.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "models/partition.h"
#include "peers/config_protocol.h"
#include "peers/policies/plugin.h"
#include "peers/policies/stage_anchor.h"
#include "peers/start.h"
#include "peers/topologies.h"
#include "runtime/cpu_set.h"
#include "runtime/random.h"

namespace peers {
namespace {

// Streams of the run's seed; each use of chance has its own.
constexpr std::uint64_t kLoaderStream = 1ULL << 32U;
constexpr std::uint64_t kSketchStream = 3ULL << 32U;

bool in_laboratory(const Config& config) { return config.objective.kind != "network"; }

runtime::Status read_data(const Config& config, std::size_t peer_count,
                          Surroundings& surroundings) {
  auto data = models::open_data({.set = config.data.set,
                                 .path = config.data.path,
                                 .seed = config.seed,
                                 .limit = config.data.limit,
                                 .context = config.data.context});
  if (!data) return data.error();
  surroundings.data = std::move(data).value();
  if (const std::size_t size = surroundings.data.train->size(); config.train.batch > size)
    return runtime::Error{fmt::format("train.batch: {} samples, but the training set has {}",
                                      config.train.batch, size)};
  auto parts =
      models::partition(models::labels_of(*surroundings.data.train),
                        {config.data.partition, config.data.alpha, peer_count, config.seed});
  if (!parts) return parts.error();
  surroundings.parts = std::move(parts).value();
  surroundings.partition_hash = models::partition_hash(surroundings.parts);
  auto tasks = models::make_tasks(
      surroundings.data, surroundings.parts,
      {.name = config.data.tasks, .count = config.data.task_count, .seed = config.seed});
  if (!tasks) return tasks.error();
  surroundings.tasks = std::move(tasks).value();
  return {};
}

// What peer `index` learns, one after another.
std::vector<NetworkObjective::Task> tasks_of(const Surroundings& surroundings, std::size_t index) {
  std::vector<NetworkObjective::Task> tasks;
  for (const models::Task& task : surroundings.tasks)
    tasks.push_back({task.train.get(), task.test.get(), task.parts[index]});
  if (tasks.empty())
    tasks.push_back(
        {surroundings.data.train.get(), surroundings.data.test.get(), surroundings.parts[index]});
  return tasks;
}

// `samples`: of a step of all peers.
LearningRateOptions learning_rate_of(const PolicyConfig& policy, std::uint64_t steps,
                                     std::uint64_t samples) {
  const double scale =
      policy.learning_rate_batch == 0
          ? 1.0
          : static_cast<double>(samples) / static_cast<double>(policy.learning_rate_batch);
  return {.base = policy.learning_rate * scale,
          .rule = policy.learning_rate_rule,
          .steps = steps,
          .warm_up = policy.warm_up,
          .decay_at = policy.decay_at,
          .decay_factor = policy.decay_factor};
}

gossip::BlockChoice::Options block_choice_of(const Config& config) {
  return {.blocks_per_push = config.gossip.blocks_per_push.value_or(0),
          .order = gossip::block_order_of(config.gossip.block_choice).value(),
          .seed = config.seed};
}

gossip::DistanceOptions distances_of(const Config& config, const gossip::Weighting& weighting) {
  using Kind = gossip::DistanceOptions::Kind;
  if (!weighting.asks_distances()) return {};
  const MoreauConfig& moreau = config.gossip.moreau;
  return {.kind = moreau.distance == "exact" ? Kind::kExact : Kind::kSketch,
          .of_estimates = moreau.space == "estimate",
          .per_block = moreau.per_block,
          .seed = runtime::mix_bits(config.seed ^ kSketchStream)};
}

const Protocol& protocol_of(const Config& config) {
  const Protocol* protocol = find_protocol(config.gossip.protocol);
  CHECK(protocol != nullptr);
  return *protocol;
}

Pace pace_of(std::string_view name) {
  if (name == "sync") return Pace::kSync;
  return name == "bounded" ? Pace::kBounded : Pace::kAsync;
}

}  // namespace

models::NetworkSpec network_spec(const Config& config, const models::Dataset& data) {
  return {.kind = config.model.kind,
          .input = data.shape(),
          .classes = data.classes(),
          .layers = config.model.layers,
          .targets = {.count = data.targets(), .label_smoothing = config.train.label_smoothing},
          .vocabulary = data.vocabulary()};
}

std::size_t threads_of(const Config& config, std::size_t peers_on_this_machine) {
  if (config.peer.threads > 0) return config.peer.threads;
  return std::max<std::size_t>(
      1, runtime::usable_cores().size() / std::max<std::size_t>(1, peers_on_this_machine));
}

std::string precision_text(std::string_view asked, kernels::Precision really) {
  const std::string_view name = kernels::name_of(really);
  return name == asked ? std::string(name) : fmt::format("{} ({} asked)", name, asked);
}

std::string precision_lack(const Config& config) {
  const kernels::Precision wanted = kernels::precision_of(config.train.precision);
  if (wanted == kernels::Precision::kF32) return "";
  const auto opened = kernels::open_backend({config.peer.device, 1, wanted});
  return opened && opened->backend->precision() != wanted ? opened->notice : "";
}

runtime::Result<Surroundings> open_surroundings(const Config& config, const Shares& shares) {
  const std::string device = in_laboratory(config) ? "cpu" : config.peer.device;
  auto opened = kernels::open_backend({device, threads_of(config, shares.peers_here),
                                       kernels::precision_of(config.train.precision)});
  if (!opened) return opened.error();
  Surroundings surroundings;
  surroundings.backend = std::move(opened->backend);
  surroundings.notice = opened->notice;
  auto topology = gossip::make_topology(topology_options(config));
  if (!topology) return topology.error();
  surroundings.topology = std::move(topology).value();
  if (in_laboratory(config)) {
    auto tables = read_tables(config.objective);
    if (!tables) return tables.error();
    surroundings.tables = std::move(tables).value();
  } else if (auto read = read_data(config, shares.parts, surroundings); !read) {
    return read.error();
  }
  return surroundings;
}

runtime::Result<std::unique_ptr<Assembly>> Assembly::create(const Config& config,
                                                            const Surroundings& surroundings,
                                                            const Place& place,
                                                            runtime::Instant now) {
  std::unique_ptr<Assembly> assembly(
      new Assembly());  // NOLINT(cppcoreguidelines-owning-memory): private constructor
  assembly->backend_ = surroundings.backend.get();
  assembly->topology_ = surroundings.topology.get();
  if (auto made = assembly->make_objective(config, surroundings, place); !made) return made.error();
  if (auto made = assembly->make_gossip(config, place); !made) return made.error();
  if (auto made = assembly->make_policy(config); !made) return made.error();
  assembly->make_batches(config);
  assembly->make_peer(config, place, now);
  assembly->objective_->drop_start();
  return assembly;
}

runtime::Status Assembly::make_objective(const Config& config, const Surroundings& surroundings,
                                         const Place& place) {
  if (in_laboratory(config)) {
    auto problem = make_problem(config, surroundings.tables, place.index, *surroundings.backend);
    if (!problem) return problem.error();
    objective_ = std::move(problem).value();
    steps_ = config.simulate.rounds.value_or(100);
    if (config.train.steps > 0) steps_ = config.train.steps;
    return {};
  }
  const models::Dataset& train = *surroundings.data.train;
  CHECK(place.index < surroundings.parts.size());
  const bool grows = config.train.batch_policy == "divebatch";
  const std::size_t batch_max =
      grows ? std::max(config.train.batch, config.train.batch_max) : config.train.batch;
  auto network = models::Network::create(network_spec(config, train), *backend_,
                                         std::max<std::size_t>(batch_max, 256));
  if (!network) return network.error();
  if (auto dropping = (*network)->drop_activations(config.train.drop_activations); !dropping)
    return runtime::Error{fmt::format("train.drop_activations: {}", dropping.error().message)};
  auto start = start_of(config, **network);
  if (!start) return start.error();
  start_notes_ = std::move(start->notes);
  vocabulary_hash_ = train.vocabulary_hash();
  network_ = network->get();
  first_batch_ = config.train.batch;
  parts_ = surroundings.parts.size();
  steps_per_epoch_ = static_cast<double>(train.size()) /
                     static_cast<double>(surroundings.parts.size() * config.train.batch);
  steps_ = config.train.steps > 0
               ? config.train.steps
               : static_cast<std::uint64_t>(
                     std::llround(static_cast<double>(config.train.epochs) * steps_per_epoch_));
  counts_epochs_ = config.train.steps == 0;
  if (place.virtual_time && config.simulate.rounds) {
    steps_ = *config.simulate.rounds;
    counts_epochs_ = false;
  }
  const std::size_t task_count = std::max<std::size_t>(1, surroundings.tasks.size());
  objective_ = std::make_unique<NetworkObjective>(NetworkObjective::Parts{
      .network = std::move(network).value(),
      .tasks = tasks_of(surroundings, place.index),
      .task_steps = task_count == 1 ? 0 : std::max<std::uint64_t>(1, steps_ / task_count),
      .loading = {.batch = config.train.batch,
                  .seed = runtime::mix_bits(config.seed ^ (kLoaderStream + place.index)),
                  .augment = config.data.augment,
                  .ahead = !place.virtual_time},
      .backend = backend_,
      .start = std::move(start->estimate),
      .batch = config.train.batch,
      .batch_max = grows ? batch_max : 0});
  return {};
}

runtime::Status Assembly::make_gossip(const Config& config, const Place& place) {
  layout_ = std::make_unique<gossip::BlockLayout>(objective_->parameter_count(),
                                                  config.gossip.block_bytes, objective_->scalar(),
                                                  protocol_of(config).companions);
  if (auto fits = topology_->check(place.members.size()); !fits) return fits.error();
  auto weighting = gossip::make_weighting(weighting_options(config));
  if (!weighting) return weighting.error();
  weighting_ = std::move(weighting).value();
  auto codec =
      gossip::make_codec({.name = config.gossip.codec, .share_kept = config.gossip.share_kept});
  if (!codec) return codec.error();
  codec_ = std::move(codec).value();
  if (auto fits = weighting_->check(*topology_); !fits) return fits.error();
  const gossip::DistanceOptions distances = distances_of(config, *weighting_);
  if (auto fits = gossip::Distances::check(distances, *layout_); !fits) return fits.error();
  distances_ = std::make_unique<gossip::Distances>(distances, *layout_);
  return {};
}

runtime::Status Assembly::make_optimizer_of(const PolicyConfig& policy, const VectorSpace& space) {
  const OptimizerOptions options{.name = policy.optimizer,
                                 .momentum = policy.momentum,
                                 .weight_decay = policy.weight_decay,
                                 .nesterov = policy.nesterov,
                                 .beta1 = policy.beta1,
                                 .beta2 = policy.beta2,
                                 .epsilon = policy.epsilon,
                                 .rho = policy.rho,
                                 .tensors = objective_->tensors()};
  auto optimizer = policy.plugin.empty() ? make_optimizer(options, space)
                                         : Plugin::open(policy.plugin, options, space);
  if (!optimizer && !policy.plugin.empty())
    return runtime::Error{fmt::format("policy.plugin: {}", optimizer.error().message)};
  if (!optimizer) return optimizer.error();
  optimizer_ = std::move(optimizer).value();
  return {};
}

runtime::Status Assembly::make_policy(const Config& config) {
  const PolicyConfig& policy = config.policy;
  const VectorSpace space{backend_, objective_->parameter_count(), objective_->scalar()};
  if (auto made = make_optimizer_of(policy, space); !made) return made;
  auto schedule =
      make_schedule({.name = policy.schedule,
                     .learning_rate = learning_rate_of(policy, steps_, parts_ * first_batch_),
                     .period = policy.period,
                     .stages = policy.stages,
                     .stage_data = policy.stage_data,
                     .stage_steps = policy.stage_steps,
                     .stage_pull = policy.stage_pull});
  if (!schedule) return schedule.error();
  schedule_ = std::move(schedule).value();
  auto regularizer =
      make_regularizer({policy.regularizer, policy.regularizer_strength}, *objective_, *backend_);
  if (!regularizer) return regularizer.error();
  regularizer_ = std::move(regularizer).value();
  if (policy.schedule == "stagewise" && policy.stage_pull != 0.0)
    stage_anchor_ = std::make_unique<StageAnchor>(space);
  auto correction = make_correction({.name = policy.correction,
                                     .damping = policy.correction_damping,
                                     .momentum = policy.momentum,
                                     .nesterov = policy.nesterov,
                                     .memory = policy.fedaware_memory,
                                     .rate = policy.fedaware_rate,
                                     .projected = policy.fedaware_projected,
                                     .statistics = objective_->statistic_count()},
                                    space);
  if (!correction) return correction.error();
  correction_ = std::move(correction).value();
  // Statistics follow batches and mixes; momentum would carry variances below zero.
  const VectorSpace learned{backend_, objective_->parameter_count() - objective_->statistic_count(),
                            objective_->scalar()};
  auto outer =
      make_outer({policy.outer, policy.outer_learning_rate, policy.outer_momentum}, learned);
  if (!outer) return outer.error();
  outer_ = std::move(outer).value();
  if (policy.participants > 0)
    participation_ = std::make_unique<Participation>(
        ParticipationOptions{policy.participants, config.seed}, learned);
  return {};
}

void Assembly::make_batches(const Config& config) {
  const TrainConfig& train = config.train;
  if (!objective_->parts_batches() || train.batch < 2) return;
  const std::size_t learned = objective_->parameter_count() - objective_->statistic_count();
  BatchWatch::Parts parts;
  parts.rescale = train.batch_rescale;
  if (train.noise_every > 0)
    parts.noise = std::make_unique<NoiseScale>(
        train.noise_every, layer_groups(objective_->tensors(), learned, NoiseScale::kGroupsMax),
        *backend_);
  const VectorSpace space{backend_, objective_->parameter_count(), objective_->scalar()};
  if (train.batch_policy == "divebatch")
    parts.growth = std::make_unique<DiveBatch>(
        DiveBatchOptions{.batch = train.batch,
                         .batch_max = train.batch_max,
                         .scale = train.batch_growth,
                         .pass_steps = std::max<std::uint64_t>(
                             1, static_cast<std::uint64_t>(std::llround(steps_per_epoch_))),
                         .every_passes = train.batch_every},
        space);
  if (parts.noise || parts.growth) batches_ = std::make_unique<BatchWatch>(std::move(parts), space);
}

std::string Assembly::terms_of(const Config& config) const {
  std::string terms =
      fmt::format("run = {}\nobjective.kind = {}\n", config.run, config.objective.kind);
  if (network_ != nullptr)
    terms += fmt::format("model.kind = {}\narchitecture = {:016x}\n", config.model.kind,
                         network_->architecture_hash());
  if (config.data.tasks != "none")
    terms += fmt::format("data.tasks = {}, {}\n", config.data.tasks, config.data.task_count);
  if (vocabulary_hash_ != 0) terms += fmt::format("characters = {:016x}\n", vocabulary_hash_);
  terms += fmt::format(
      "parameters = {}\nnumber = {}\ngossip.block_bytes = {}\n", layout_->parameter_count(),
      layout_->scalar() == kernels::Scalar::kF64 ? "f64" : "f32", config.gossip.block_bytes);
  if (config.train.batch_policy != "fixed")
    terms += fmt::format("train.batch_policy = {}, {} of at most {}\n", config.train.batch_policy,
                         config.train.batch_growth, config.train.batch_max);
  terms += fmt::format("gossip.protocol = {}\ngossip.codec = {}\n", config.gossip.protocol,
                       config.gossip.codec);
  if (config.gossip.codec == "topk" || config.gossip.codec == "randomk")
    terms += fmt::format("gossip.share_kept = {}\n", config.gossip.share_kept);
  if (protocol_of(config).parcels == gossip::ParcelKind::kStep)
    terms += fmt::format("gossip.average_every = {}\n", config.gossip.average_every);
  if (config.gossip.blocks_per_push)
    terms += fmt::format("gossip.blocks_per_push = {}, {}\n", *config.gossip.blocks_per_push,
                         config.gossip.block_choice);
  if (distances_->sketch_size() > 0)
    terms += fmt::format("sketch = {} numbers of {}, seed {}\n", distances_->sketch_size(),
                         config.gossip.moreau.space, config.seed);
  return terms;
}

std::optional<gossip::PartialViewOptions> Assembly::view_of(const Config& config) const {
  if (!topology_->of_view()) return std::nullopt;
  return gossip::PartialViewOptions{.neighbours_max = config.gossip.view.neighbours,
                                    .others_max = config.gossip.view.others};
}

PeerOptions Assembly::options_of(const Config& config, const Place& place) const {
  return {.self = {place.id, place.incarnation, fingerprint_},
          .contact = {place.id, place.incarnation, place.name, place.address},
          .terms = terms_,
          .precision = precision_text(config.train.precision, backend_->precision()),
          .admits = config.gossip.pace != "sync" && config.gossip.topology != "file",
          .reached_by_number = place.virtual_time,
          .offences_max = config.security.refused_max,
          .messages_max = place.virtual_time ? 0 : config.security.messages_max,
          .norm_limit = config.security.norm_limit,
          .norm_action = config.security.norm_action == "clip" ? gossip::NormAction::kClip
                                                               : gossip::NormAction::kRefuse,
          .pace = pace_of(config.gossip.pace),
          .steps = steps_,
          // In step all take as many rounds, whatever each one's batches.
          .by_samples = counts_epochs_ && config.gossip.pace != "sync",
          .settle_rounds = network_ != nullptr ? config.gossip.settle_rounds : 0,
          .max_lead = config.gossip.max_lead,
          .weight_floor = config.gossip.weight_floor,
          .rate_correction = config.policy.rate_correction,
          .mix_statistics = config.gossip.mix_statistics,
          .damping = config.gossip.damping,
          .average_every = config.gossip.average_every,
          .averages = protocol_of(config).averages,
          .steps_after_push = protocol_of(config).steps_after_push ||
                              config.policy.order == "adapt-while-communicate",
          .blocks = block_choice_of(config),
          .probe_interval = std::chrono::milliseconds(config.membership.probe_interval_ms),
          .suspicion_multiplier = config.membership.suspicion_multiplier,
          .seed = config.seed,
          .view = view_of(config),
          .watched = !place.virtual_time,
          .copies_beside = !place.virtual_time};
}

void Assembly::make_peer(const Config& config, const Place& place, runtime::Instant now) {
  std::vector<Regularizer*> regularizers;
  for (const auto* part : {&regularizer_, &stage_anchor_}) {
    if (*part) regularizers.push_back(part->get());
  }
  terms_ = terms_of(config);
  fingerprint_ = runtime::hash_text(terms_);
  const PeerParts parts{.objective = objective_.get(),
                        .optimizer = optimizer_.get(),
                        .regularizers = std::move(regularizers),
                        .correction = correction_.get(),
                        .outer = outer_.get(),
                        .participation = participation_.get(),
                        .batches = batches_.get(),
                        .schedule = schedule_.get(),
                        .topology = topology_,
                        .weighting = weighting_.get(),
                        .distances = distances_.get(),
                        .layout = layout_.get(),
                        .backend = backend_,
                        .codec = codec_.get(),
                        .parcels = protocol_of(config).parcels};
  peer_ = std::make_unique<Peer>(options_of(config, place), parts,
                                 gossip::Members(place.id, place.members, now), now);
}

}  // namespace peers
