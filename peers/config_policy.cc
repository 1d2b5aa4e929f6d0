#include "peers/config_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "peers/config_toml.h"

namespace peers {
namespace {

using Problems = std::vector<Problem>;

void check_schedule(const Config& config, Problems& problems) {
  const PolicyConfig& policy = config.policy;
  if (policy.period != 1 && policy.schedule == "every-step") {
    problems.push_back(
        {"policy.period", fmt::format("{} needs policy.schedule = \"periodic\", \"overlapped\" or "
                                      "\"stagewise\", got {}",
                                      policy.period, toml_text(policy.schedule))});
  }
  if (policy.schedule == "overlapped" && config.gossip.pace != "sync") {
    problems.push_back(
        {"policy.schedule",
         fmt::format("\"overlapped\" waits later for rounds in step; out of step "
                     "nothing is waited for, and \"periodic\" does the same: expected "
                     "gossip.pace = \"sync\", got {}",
                     toml_text(config.gossip.pace))});
  }
  if (policy.schedule == "stagewise" && policy.learning_rate_rule != "constant") {
    problems.push_back({"policy.learning_rate_rule",
                        fmt::format("the stages lower the rate, so policy.schedule = \"stagewise\" "
                                    "needs \"constant\", got {}",
                                    toml_text(policy.learning_rate_rule))});
  }
  if (policy.stage_pull != 0.0 && policy.stages == "sc") {
    problems.push_back(
        {"policy.stage_pull", "needs policy.stages = \"nc-1\" or \"nc-2\", got \"sc\""});
  }
}

void check_learning_rate(const PolicyConfig& policy, Problems& problems) {
  if (policy.learning_rate_rule == "step") return;
  const PolicyConfig untouched;
  constexpr std::string_view kNeedsStep = "needs policy.learning_rate_rule = \"step\", got {}";
  const std::string got = fmt::format(kNeedsStep, toml_text(policy.learning_rate_rule));
  if (policy.decay_at != untouched.decay_at) problems.push_back({"policy.decay_at", got});
  if (policy.decay_factor != untouched.decay_factor)
    problems.push_back({"policy.decay_factor", got});
}

bool steps_along_the_gradient(const PolicyConfig& policy) {
  if (!policy.plugin.empty()) return false;  // who knows
  return policy.optimizer == "sgd" || (policy.optimizer == "sam" && policy.momentum == 0.0);
}

void check_vrl(const Config& config, Problems& problems) {
  constexpr std::string_view kKey = "policy.correction";
  constexpr std::array<std::string_view, 3> kUneven = {"random-k", "erdos-renyi", "view"};
  if (!steps_along_the_gradient(config.policy)) {
    problems.push_back(
        {kKey,
         fmt::format("\"vrl\" divides what a mix moved by the learning rates, so it needs "
                     "policy.optimizer = \"sgd\", or \"sam\" with policy.momentum = 0, got {}",
                     toml_text(config.policy.plugin.empty() ? config.policy.optimizer
                                                            : config.policy.plugin))});
  }
  if (config.gossip.pace != "sync") {
    problems.push_back({kKey, fmt::format("\"vrl\" takes what a mix moved for disagreement, and "
                                          "out of step much of it is weight: it needs gossip.pace "
                                          "= \"sync\", got {}",
                                          toml_text(config.gossip.pace))});
  }
  if (config.policy.schedule == "overlapped") {
    problems.push_back({kKey,
                        "\"vrl\" takes what a mix moved for disagreement, and with "
                        "policy.schedule = \"overlapped\" local steps are among it"});
  }
  const bool uneven = std::ranges::find(kUneven, config.gossip.topology) != kUneven.end() &&
                      config.gossip.weighting != "metropolis";
  if (uneven || config.gossip.weighting == "moreau") {
    problems.push_back(
        {kKey, fmt::format("\"vrl\" needs weights that settle; those of "
                           "gossip.topology = {} with gossip.weighting = {} change "
                           "from round to round",
                           toml_text(config.gossip.topology), toml_text(config.gossip.weighting))});
  }
}

// What it brings to a mix stands for all local steps since the last one, of all parameters.
void check_fedaware(const Config& config, Problems& problems) {
  constexpr std::string_view kKey = "policy.correction";
  const auto needs = [&](std::string_view reason, std::string_view key, std::string_view expected,
                         const std::string& got) {
    if (got == expected) return;
    problems.push_back({kKey, fmt::format("\"fedaware\" {}: it needs {} = {}, got {}", reason, key,
                                          toml_text(expected), toml_text(got))});
  };
  needs("brings all steps since the last mix, and out of step mixes are among them", "gossip.pace",
        "sync", config.gossip.pace);
  if (config.policy.schedule == "overlapped")
    problems.push_back({kKey,
                        "\"fedaware\" puts its own in the place of local steps, and with "
                        "policy.schedule = \"overlapped\" the next ones have been taken by then"});
  if (config.gossip.blocks_per_push)
    problems.push_back({kKey, fmt::format("\"fedaware\" is of whole models: it needs "
                                          "gossip.blocks_per_push = \"all\", got {}",
                                          *config.gossip.blocks_per_push)});
}

void check_correction(const Config& config, Problems& problems) {
  const PolicyConfig& policy = config.policy;
  if (policy.correction == "vrl") check_vrl(config, problems);
  if (policy.correction == "fedaware") check_fedaware(config, problems);
  if (policy.correction == "quasi-global-momentum" && policy.optimizer != "sgd") {
    problems.push_back(
        {"policy.correction", fmt::format("\"quasi-global-momentum\" is the momentum, so it needs "
                                          "policy.optimizer = \"sgd\", got {}",
                                          toml_text(policy.optimizer))});
  }
  if (policy.correction == "gradient-tracking" && config.gossip.protocol != "s-addopt") {
    problems.push_back(
        {"policy.correction", fmt::format("\"gradient-tracking\" needs its tracker mixed, which is "
                                          "gossip.protocol = \"s-addopt\", got {}",
                                          toml_text(config.gossip.protocol))});
  }
}

void check_regularizer(const Config& config, Problems& problems) {
  if (config.policy.regularizer == "spectral" && config.objective.kind != "network") {
    problems.push_back(
        {"policy.regularizer", fmt::format("\"spectral\" is of a network's layers, and "
                                           "objective.kind = {} has none",
                                           toml_text(config.objective.kind))});
  }
}

void check_outer(const PolicyConfig& policy, Problems& problems) {
  if (policy.outer == "none" || policy.schedule != "overlapped") return;
  problems.push_back(
      {"policy.outer", fmt::format("{} moves a peer once its mix is in, and with policy.schedule = "
                                   "\"overlapped\" the next steps have been taken by then",
                                   toml_text(policy.outer))});
}

void check_participants(const Config& config, Problems& problems) {
  constexpr std::string_view kKey = "policy.participants";
  if (config.policy.participants == 0) return;
  const auto needs = [&](std::string_view reason, std::string_view key, std::string_view expected,
                         const std::string& got) {
    if (got == expected) return;
    problems.push_back({kKey, fmt::format("{}: it needs {} = {}, got {}", reason, key,
                                          toml_text(expected), toml_text(got))});
  };
  needs("draws who trains until the next push", "policy.schedule", "periodic",
        config.policy.schedule);
  needs("who sits a period out is through with it at once, and out of step nobody waits",
        "gossip.pace", "sync", config.gossip.pace);
  needs("a correction takes everybody to have trained", "policy.correction", "none",
        config.policy.correction);
  needs("batches grow by what everybody's are like", "train.batch_policy", "fixed",
        config.train.batch_policy);
  needs("tasks change by the batches seen, and who sits out sees none", "data.tasks", "none",
        config.data.tasks);
}

void check_order(const Config& config, Problems& problems) {
  const PolicyConfig& policy = config.policy;
  constexpr std::string_view kKey = "policy.order";
  if (policy.order != "adapt-while-communicate") return;
  const auto refuse = [&](std::string_view reason) {
    problems.push_back({kKey, fmt::format("{} {}", toml_text(policy.order), reason)});
  };
  if (config.gossip.pace != "sync")
    refuse(
        fmt::format("leaves the step out of what is pushed, and out of step the weight by which "
                    "it counts would go with the push: it needs gossip.pace = \"sync\", got {}",
                    toml_text(config.gossip.pace)));
  if (policy.schedule == "overlapped")
    refuse("and policy.schedule = \"overlapped\" both put off the step that a push leaves out");
  if (policy.correction != "none")
    refuse(
        fmt::format("needs policy.correction = \"none\", got {}: it is given what a peer has "
                    "come to, all steps among it",
                    toml_text(policy.correction)));
  if (policy.participants > 0)
    refuse("leaves a step out of the period that policy.participants stretches");
  if (config.gossip.protocol == "liec")
    refuse("leaves the step out, and with gossip.protocol = \"liec\" it is what is pushed");
}

void check_batches(const Config& config, Problems& problems) {
  if (config.policy.learning_rate_batch > 0 && config.objective.kind != "network")
    problems.push_back({"policy.learning_rate_batch",
                        "counts samples, which a laboratory problem (objective.kind) has none of"});
  const TrainConfig& train = config.train;
  const TrainConfig untouched;
  if (train.batch_policy == "fixed") {
    const auto needs = [&](std::string_view key, bool given) {
      if (given)
        problems.push_back({key, "needs train.batch_policy = \"divebatch\", got \"fixed\""});
    };
    needs("train.batch_max", train.batch_max != untouched.batch_max);
    needs("train.batch_growth", train.batch_growth != untouched.batch_growth);
    needs("train.batch_every", train.batch_every != untouched.batch_every);
    needs("train.batch_rescale", train.batch_rescale != untouched.batch_rescale);
    return;
  }
  constexpr std::string_view kKey = "train.batch_policy";
  if (train.batch < 2)
    problems.push_back({"train.batch",
                        "expected at least 2 with train.batch_policy = "
                        "\"divebatch\", which halves each batch, got 1"});
  if (train.batch_max < train.batch)
    problems.push_back({"train.batch_max", fmt::format("expected at least train.batch = {}, got {}",
                                                       train.batch, train.batch_max)});
  if (config.policy.schedule == "overlapped")
    problems.push_back({kKey,
                        "\"divebatch\" lets batches grow between a mix and the next steps, and "
                        "with policy.schedule = \"overlapped\" there is no such moment"});
}

}  // namespace

void check_policy(const Config& config, Problems& problems) {
  check_schedule(config, problems);
  check_learning_rate(config.policy, problems);
  check_correction(config, problems);
  check_regularizer(config, problems);
  check_outer(config.policy, problems);
  check_participants(config, problems);
  check_order(config, problems);
  check_batches(config, problems);
}

}  // namespace peers
