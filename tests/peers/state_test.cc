// What a peer keeps can be put into another peer, and nobody can tell the two apart.
#include <algorithm>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "peers/assembly.h"
#include "peers/checkpoint_file.h"
#include "peers/config.h"
#include "peers/policies/correction.h"
#include "peers/policies/optimizer.h"
#include "peers/policies/outer.h"
#include "peers/policies/regularizer.h"
#include "peers/policies/schedule.h"
#include "peers/state.h"
#include "tests/support/config_texts.h"
#include "tests/support/temporary_folder.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

namespace {

using Settings = test::Sets;

constexpr std::size_t kSteps = 20;

// Everything that a peer may draw and keep: augmented samples, dropout, running statistics.
constexpr const char* kNetwork =
    "train = { batch = 8, steps = 20 }\n"
    "data = { limit = 40, augment = true }\n"
    "peer.threads = 1\n"
    "[model]\n"
    "kind = \"layers\"\n"
    "layers = [\"dense 12\", \"batchnorm\", \"relu\", \"dropout 0.2\", \"dense 10\"]\n";

// A peer that nobody else knows of.
class Loner {
 public:
  explicit Loner(const peers::Config& config)
      : surroundings_(opened(peers::open_surroundings(config, {.parts = 1, .peers_here = 1}))),
        assembly_(opened(peers::Assembly::create(
            config, *surroundings_, {.index = 0, .id = kSelf, .members = {kSelf}}, {}))) {}

  // The losses of the steps from where it is up to `step`.
  std::vector<double> train_until(std::size_t step) {
    std::vector<double> losses;
    while (peer().step() < step) {
      static_cast<void>(peer().advance({}));
      if (!peer().ready()) FAIL("a peer alone has nobody to wait for");
      peer().mix();
      losses.push_back(peer().compute());
      if (peer().push_planned()) peer().push();
    }
    return losses;
  }

  peers::PeerState saved() {
    peers::PeerState state;
    peers::capture(peer(), *surroundings_->backend, state);
    return state;
  }
  // By way of a file.
  void save_to(const std::string& path) {
    const peers::PeerState state = saved();
    REQUIRE(peers::peer_checkpoint({}, state, tensors()).write(path).ok());
  }
  void restore_from(const std::string& path) {
    const auto file = peers::CheckpointFile::read(path);
    REQUIRE(file.ok());
    const auto state = file->state(tensors());
    REQUIRE(state.ok());
    const runtime::Status restored = restore(*state);
    if (!restored) FAIL(restored.error().message);
  }
  runtime::Status restore(const peers::PeerState& state) {
    peers::RestoringVisitor visitor(state, *surroundings_->backend);
    peer().resume(state.estimate.view(), visitor, &visitor);
    return visitor.status();
  }
  [[nodiscard]] peers::Peer& peer() { return assembly_->peer(); }

 private:
  static constexpr runtime::PeerId kSelf{0};

  [[nodiscard]] std::vector<models::ParameterTensor> tensors() const {
    return peers::tensors_of(assembly_->network(), assembly_->objective().parameter_count());
  }

  template <typename T>
  static std::unique_ptr<T> opened(runtime::Result<std::unique_ptr<T>> made) {
    if (!made) FAIL(made.error().message);
    return std::move(made).value();
  }
  static std::unique_ptr<peers::Surroundings> opened(runtime::Result<peers::Surroundings> made) {
    if (!made) FAIL(made.error().message);
    return std::make_unique<peers::Surroundings>(std::move(made).value());
  }

  std::unique_ptr<peers::Surroundings> surroundings_;
  std::unique_ptr<peers::Assembly> assembly_;
};

bool same(const peers::SavedVector& a, const peers::SavedVector& b) {
  return a.name == b.name && a.scalar == b.scalar && a.bytes == b.bytes;
}

// The same bits, whatever they mean.
bool same(const peers::PeerState& a, const peers::PeerState& b) {
  return same(a.estimate, b.estimate) && a.counts == b.counts && a.numbers == b.numbers &&
         std::ranges::equal(a.vectors, b.vectors,
                            [](const auto& one, const auto& other) { return same(one, other); });
}

void goes_on_as_if_nothing_had_happened(const Settings& settings) {
  const peers::Config config = test::accepted(kNetwork, settings);
  Loner whole(config);
  std::vector<double> losses = whole.train_until(kSteps);
  // In the middle of a period and of a stage, and at the end of one.
  for (const std::size_t step : {std::size_t{7}, std::size_t{10}}) {
    INFO("saved after step " << step);
    Loner first(config);
    const std::vector<double> before = first.train_until(step);
    Loner second(config);
    const TemporaryFolder folder;
    first.save_to(folder.path() + "/a.safetensors");
    second.restore_from(folder.path() + "/a.safetensors");
    CHECK(second.peer().step() == step);
    std::vector<double> both = before;
    for (const double loss : second.train_until(kSteps)) both.push_back(loss);
    CHECK(both == losses);
    CHECK(same(second.saved(), whole.saved()));
  }
}

std::string policy(std::string_view key, std::string_view name) {
  return "policy." + std::string(key) + "=" + std::string(name);
}

// Some of what a schedule may be told; a config refuses what does not belong to it.
Settings settings_of(std::string_view schedule) {
  Settings settings;
  if (schedule != "every-step") settings.emplace_back("policy.period=3");
  if (schedule == "stagewise")
    settings.insert(settings.end(),
                    {"policy.stage_steps=4", "policy.stages=nc-2", "policy.stage_pull=0.1"});
  else
    settings.emplace_back("policy.learning_rate_rule=cosine");
  return settings;
}

// In every pace that a config takes the part in; there is one at least.
void check_part(const Settings& settings) {
  bool taken = false;
  std::string reasons;
  for (const char* pace : {"sync", "async"}) {
    Settings all = settings;
    all.push_back(std::string("gossip.pace=") + pace);
    INFO("gossip.pace = " << pace);
    if (const std::string refused = test::refusal(kNetwork, all); !refused.empty()) {
      reasons += refused + "\n";
      continue;
    }
    goes_on_as_if_nothing_had_happened(all);
    taken = true;
  }
  INFO(reasons);
  CHECK(taken);
}

}  // namespace

TEST_CASE("whatever the policy is made of, what is saved and put back trains on bit for bit") {
  const std::string device = GENERATE("cpu", "reference");
  const auto check = [&](std::string_view key, std::string_view name, Settings settings) {
    INFO(key << " = " << name << " on " << device);
    settings.insert(settings.end(), {policy(key, name), "peer.device=" + device});
    check_part(settings);
  };
  for (const std::string_view name : peers::optimizer_names())
    check("optimizer", name, {"policy.weight_decay=0.001"});
  for (const std::string_view name : peers::schedule_names())
    check("schedule", name, settings_of(name));
  for (const std::string_view name : peers::regularizer_names()) check("regularizer", name, {});
  for (const std::string_view name : peers::outer_names())
    check("outer", name, {"policy.period=3", "policy.schedule=periodic"});
  check("participants", "2",
        {"policy.period=3", "policy.schedule=periodic", "policy.outer=nesterov"});
  check("plugin", MURMUR_PLUGINS "/libsignum.so", {});
  for (const std::string_view name : peers::correction_names()) {
    if (name == "gradient-tracking") {
      check("correction", name, {"gossip.protocol=s-addopt"});
      continue;
    }
    check("correction", name,
          {"policy.optimizer=sgd", "policy.period=3", "policy.schedule=periodic"});
    if (name != "vrl" && name != "fedaware")  // a config refuses them
      check("correction", name,
            {"policy.optimizer=sgd", "policy.period=3", "policy.schedule=overlapped"});
  }
}

TEST_CASE("the noise of a quadratic goes on where it was") {
  const TemporaryFolder folder;
  const std::string centers = folder.path() + "/centers.csv";
  std::ofstream(centers) << "1, 2, 3\n";
  const peers::Config config = test::accepted(
      "objective = { kind = \"quadratic\", noise = 0.5, centers = \"" + centers + "\" }\n",
      {"simulate.precision=f64"});
  Loner whole(config);
  const std::vector<double> losses = whole.train_until(kSteps);
  Loner first(config);
  Loner second(config);
  static_cast<void>(first.train_until(7));
  REQUIRE(second.restore(first.saved()).ok());
  CHECK(second.train_until(kSteps) == std::vector<double>(losses.begin() + 7, losses.end()));
}

TEST_CASE("a state of another policy is not taken") {
  Loner momentum(test::accepted(kNetwork, {"policy.optimizer=momentum"}));
  Loner adam(test::accepted(kNetwork, {"policy.optimizer=adamw"}));
  const runtime::Status restored = adam.restore(momentum.saved());
  REQUIRE_FALSE(restored.ok());
  CHECK_THAT(restored.error().message, Catch::Contains("\"optimizer.first\""));
}
