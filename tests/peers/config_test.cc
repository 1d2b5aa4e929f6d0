#include "peers/config.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "gossip/block_choice.h"
#include "gossip/codec.h"
#include "gossip/topology.h"
#include "gossip/weighting.h"
#include "peers/config_fields.h"
#include "peers/config_members.h"
#include "peers/config_values.h"
#include "peers/topologies.h"
#include "tests/support/config_texts.h"

using test::accepted;
using test::refusal;
using test::Sets;

namespace {

namespace fs = std::filesystem;
fs::path examples() { return fs::path(MURMUR_SOURCE_DIR) / "examples"; }

}  // namespace

TEST_CASE("an empty document is the defaults") {
  CHECK(accepted("") == peers::Config{});
  CHECK(accepted("[data]\n[gossip.moreau]\n") == peers::Config{});
}

TEST_CASE("the defaults that the contract names are the defaults") {
  const peers::Config config = accepted("");
  CHECK(config.run == "mnist");
  CHECK(config.peer.listen == "tcp://127.0.0.1:0");
  CHECK(config.train.batch == 32);
  CHECK(config.policy.learning_rate == 0.05);
  CHECK(config.gossip.block_bytes == 1048576);
  CHECK_FALSE(config.gossip.blocks_per_push.has_value());
  CHECK_FALSE(config.simulate.rounds.has_value());
  CHECK(config.simulate.step_seconds == std::vector<double>{0.1});
}

TEST_CASE("an unknown key is refused with its line and the nearest key") {
  CHECK(refusal("[train]\n\nbach = 3") ==
        "x.toml:3: unknown key 'train.bach'; did you mean 'train.batch'?");
  CHECK(refusal("sede = 3") == "x.toml:1: unknown key 'sede'; did you mean 'seed'?");
}

TEST_CASE("the right key in the wrong table is found") {
  CHECK(refusal("learning_rate = 0.1") ==
        "x.toml:1: unknown key 'learning_rate'; did you mean 'policy.learning_rate'?");
  CHECK(refusal("[train]\nmomentum = 0.1") ==
        "x.toml:2: unknown key 'train.momentum'; did you mean 'policy.momentum'?");
}

TEST_CASE("an unknown table is refused, empty or not") {
  CHECK(refusal("[polcy]\nmomentum = 0.5") ==
        "x.toml:2: unknown key 'polcy.momentum'; did you mean 'policy.momentum'?");
  CHECK_THAT(refusal("[zzzzzzzzz]"), Catch::StartsWith("x.toml:1: unknown key 'zzzzzzzzz'"));
}

TEST_CASE("a key in quotes with a dot inside is not a path") {
  CHECK_THAT(refusal("\"train.batch\" = 3"),
             Catch::StartsWith("x.toml:1: unknown key '\"train.batch\"'"));
}

TEST_CASE("a key far from all others gets no suggestion") {
  CHECK(refusal("quetzalcoatl = 1") == "x.toml:1: unknown key 'quetzalcoatl'");
}

TEST_CASE("a value of the wrong type is refused with what was expected") {
  CHECK(refusal("[train]\nbatch = \"many\"") ==
        "x.toml:2: train.batch: expected an integer from 1 to 65536, got \"many\"");
  CHECK(refusal("[train]\nbatch = 2.0") ==
        "x.toml:2: train.batch: expected an integer from 1 to 65536, got 2.0");
  CHECK(refusal("run = 3") == "x.toml:1: run: expected a string, got 3");
  CHECK(refusal("data = 3") == "x.toml:1: data: expected a table, got 3");
  CHECK(refusal("[policy]\nrate_correction = 1") ==
        "x.toml:2: policy.rate_correction: expected true or false, got 1");
  CHECK(refusal("[policy]\nmomentum = true") ==
        "x.toml:2: policy.momentum: expected a number from 0 to 1, got true");
  CHECK(refusal("[policy]\noptimizer = 1") ==
        "x.toml:2: policy.optimizer: expected one of sgd, momentum, adamw, lamb, sam, "
        "lightsam-norm, lightsam-adagrad, lightsam-adam, got 1");
  CHECK(refusal("[membership]\nmembers = [\"a\", 1]") ==
        "x.toml:2: membership.members: expected an array of strings, got [\"a\", 1]");
  CHECK(refusal("[train.batch]\nsize = 1") ==
        "x.toml:1: train.batch: expected an integer from 1 to 65536, got { size = 1 }");
  CHECK(refusal("seed = 2024-01-01") ==
        "x.toml:1: seed: expected an integer of at least 0, got a date or a time");
}

TEST_CASE("a number out of range is refused") {
  const auto text = GENERATE(as<std::string>{}, "[train]\nbatch = 0", "[train]\nbatch = 65537",
                             "seed = -1", "[policy]\nmomentum = 1.5", "[policy]\nmomentum = nan",
                             "[policy]\nlearning_rate = 0.0", "[policy]\nlearning_rate = inf",
                             "[data]\nalpha = 0", "[data]\nparts = 0", "[policy]\nperiod = 0",
                             "[gossip]\nblock_bytes = 3", "[gossip]\nblocks_per_push = 0",
                             "[gossip]\nblocks_per_push = \"some\"", "[simulate]\nrounds = 0",
                             "[simulate]\nstep_seconds = []", "[simulate]\nstep_seconds = [0.1, 0]",
                             "[simulate]\nlink = { loss = 1.1 }", "[gossip]\nweight_floor = 0.6",
                             "[gossip]\nconstant_share = 0", "[gossip]\nconstant_share = 1.1");
  CAPTURE(text);
  const std::string said = refusal(text);
  CAPTURE(said);
  CHECK_THAT(said, Catch::StartsWith("x.toml:") && Catch::Contains(": expected "));
}

TEST_CASE("an integer is a number") { CHECK(accepted("[data]\nalpha = 2").data.alpha == 2.0); }

TEST_CASE("an unknown name is refused with the nearest") {
  CHECK(
      refusal("[gossip]\ntopology = \"rign\"") ==
      "x.toml:2: gossip.topology: expected one of complete, ring, bidirectional-ring, torus, "
      "exponential, one-peer-exponential, p-peer-exponential, random-k, random-regular, matching, "
      "erdos-renyi, base-k, equidynamic, clusters, view, file, got \"rign\"; did you mean "
      "\"ring\"?");
}

TEST_CASE("a weighting that makes no sense on the topology is refused with the reason") {
  CHECK(
      refusal("[gossip]\nweighting = \"metropolis\"") ==
      "x.toml:2: gossip.weighting: \"metropolis\" needs a topology where whom one pushes to pushes "
      "back, in every round; gossip.topology is \"one-peer-exponential\"");
  CHECK_THAT(refusal("[gossip]\ntopology = \"base-k\"\nweighting = \"constant\""),
             Catch::Contains("would overrule the shares that the topology prescribes"));
  CHECK(accepted("[gossip]\ntopology = \"torus\"\nweighting = \"metropolis\"").gossip.weighting ==
        "metropolis");
}

TEST_CASE("the weightings that a config takes are those that are built") {
  std::vector<std::string_view> taken;
  for (const peers::Choice& choice : peers::choices_of("gossip.weighting"))
    taken.push_back(choice.name);
  std::vector<std::string_view> built;
  for (const gossip::WeightingName& weighting : gossip::weighting_names())
    built.push_back(weighting.name);
  std::ranges::sort(taken);
  std::ranges::sort(built);
  CHECK(taken == built);
}

TEST_CASE("a key of a version to come may only hold its default") {
  CHECK(accepted("[watch]\nhttp = \"\"") == peers::Config{});
  CHECK(refusal("[watch]\nhttp = \"127.0.0.1:0\"") ==
        "x.toml:2: watch.http: not available in this version: expected \"\", got \"127.0.0.1:0\"");
}

TEST_CASE("what to go on from is a word or a file") {
  CHECK(refusal("[checkpoint]\nresume = \"atuo\"") ==
        "x.toml:2: checkpoint.resume: expected none, auto or a file .safetensors, got \"atuo\"; "
        "did you mean \"auto\"?");
  CHECK(accepted("[checkpoint]\nresume = \"a/step-1.safetensors\"").checkpoint.resume ==
        "a/step-1.safetensors");
}

TEST_CASE("a syntax error is refused with line and column") {
  CHECK_THAT(refusal("seed = 1\nrun = \"x"), Catch::StartsWith("x.toml: line 2, column "));
  CHECK_THAT(refusal("seed = 1\nseed = 2"), Catch::StartsWith("x.toml: line 2, column "));
  CHECK_THAT(refusal("run = \"\xFF\""), Catch::StartsWith("x.toml: line 1, column "));
}

TEST_CASE("every problem is reported, one a line, in the order of the document") {
  const std::string said =
      refusal("[gossip]\nfanout = 0\n[train]\nbach = 3", {"seed=x", "data.set=idx"});
  CHECK(said ==
        "x.toml:2: gossip.fanout: expected an integer from 1 to 100000, got 0\n"
        "x.toml:4: unknown key 'train.bach'; did you mean 'train.batch'?\n"
        "--set seed=x: expected an integer of at least 0, got \"x\"");
}

TEST_CASE("an override wins over the file, the last override over the first") {
  CHECK(accepted("seed = 1", {"seed=2", "seed=3"}).seed == 3);
}

TEST_CASE("an override takes words with and without quotes, numbers, arrays and tables' keys") {
  const peers::Config config =
      accepted("", {"data.partition=shards", "run=\"a b\"", "policy.learning_rate=1e-3",
                    "simulate.step_seconds=[1, 2.5]", "gossip.blocks_per_push=all",
                    "simulate.link.loss=0.5", "peer.name=a=b"});
  CHECK(config.data.partition == "shards");
  CHECK(config.run == "a b");
  CHECK(config.policy.learning_rate == 1e-3);
  CHECK(config.simulate.step_seconds == std::vector<double>{1.0, 2.5});
  CHECK_FALSE(config.gossip.blocks_per_push.has_value());
  CHECK(config.simulate.link.loss == 0.5);
  CHECK(config.peer.name == "a=b");
}

TEST_CASE("a --set that is wrong is named in the refusal") {
  CHECK(refusal("", {"train.batch=x"}) ==
        "--set train.batch=x: expected an integer from 1 to 65536, got \"x\"");
  CHECK(refusal("", {"train.bach=3"}) ==
        "--set train.bach=3: unknown key 'train.bach'; did you mean 'train.batch'?");
  CHECK(refusal("", {"train.batch"}) == "--set train.batch: expected key=value");
  CHECK(refusal("", {"data=3"}) == "--set data=3: unknown key 'data'");
  CHECK_THAT(refusal("", {"train.batch=1\nseed = 4"}), Catch::Contains("expected an integer"));
  CHECK_THAT(refusal("", {"run=\xFF"}), Catch::Contains("UTF-8"));
  CHECK(refusal("[data]\nparts = 2", {"data.part=2"}) ==
        "--set data.part=2: expected an integer below data.parts = 2, got 2");
}

TEST_CASE("a key given explicitly wins over the preset, wherever it stands") {
  CHECK(accepted("policy = { optimizer = \"sgd\", preset = \"sgp\" }").policy.optimizer == "sgd");
  CHECK(accepted("policy = { optimizer = \"sgd\" }", {"policy.preset=sgp"}).policy.optimizer ==
        "sgd");
  CHECK(accepted("policy = { preset = \"sgp\" }", {"policy.optimizer=sgd"}).policy.optimizer ==
        "sgd");
  CHECK(accepted("policy = { preset = \"sgp\" }").policy.optimizer == "momentum");
}

TEST_CASE("keys that contradict each other are refused") {
  CHECK(refusal("[model]\nlayers = [\"relu\"]") ==
        "x.toml:2: model.layers: needs model.kind = \"layers\", got \"lenet5\"");
  CHECK(refusal("[model]\nkind = \"layers\"") ==
        "x.toml: model.layers: model.kind = \"layers\" needs at least one");
  CHECK(refusal("[model]\nkind = \"layers\"\nlayers = [\"relu\", \"densse 3\"]") ==
        "x.toml:3: model.layers: layer 2, \"densse 3\": unknown layer \"densse\"; there are conv, "
        "dense, linear, maxpool, avgpool, globalpool, batchnorm, layernorm, relu, gelu, dropout, "
        "embedding, positions, attention, residual");
  CHECK(refusal("[policy]\nperiod = 4") ==
        "x.toml:2: policy.period: 4 needs policy.schedule = \"periodic\", \"overlapped\" or "
        "\"stagewise\", got \"every-step\"");
  CHECK(refusal("[policy]\ndecay_factor = 0.5\nlearning_rate_rule = \"cosine\"") ==
        "x.toml:2: policy.decay_factor: needs policy.learning_rate_rule = \"step\", "
        "got \"cosine\"");
  CHECK(refusal("[gossip]\ntopology = \"file\"") ==
        "x.toml: gossip.topology_file: gossip.topology = \"file\" needs a file");
  CHECK(refusal("[objective]\nkind = \"quadratic\"") ==
        "x.toml: objective.centers: objective.kind = \"quadratic\" needs a file");
  CHECK(refusal("[simulate]\nrounds = 3\nseconds = 4") ==
        "x.toml:3: simulate.seconds: expected either rounds or seconds, got both");
  CHECK_THAT(refusal("[simulate]\nprecision = \"f64\""), Catch::Contains("quadratic"));
  CHECK_THAT(refusal("[peer]\ndevice = \"gpu\""), Catch::Contains("cuda:0"));
  CHECK_THAT(refusal("[peer]\ndevice = \"cuda:x\""), Catch::Contains("cuda:0"));
  CHECK_THAT(refusal("[peer]\nlisten = \"127.0.0.1:80\""), Catch::Contains("tcp://host:port"));
}

TEST_CASE("a run is one folder") {
  const auto run = GENERATE(as<std::string>{}, "", ".", "..", "a/b", "/tmp");
  CHECK_THAT(refusal("", {"run=\"" + run + "\""}), Catch::Contains("the name of a folder"));
  const bool named = !run.empty();  // an empty name is the host's
  CHECK((refusal("", {"peer.name=" + run}) == "") != named);
}

TEST_CASE("a missing data folder is refused by name") {
  CHECK(refusal("[data]\nset = \"idx\"\npath = \"no/such\"") ==
        "x.toml:3: data.path: no such folder: \"no/such\"");
  const auto set = GENERATE(as<std::string>{}, "idx", "cifar10", "cifar100");
  CHECK(refusal("[data]\nset = \"" + set + "\"") ==
        "x.toml: data.path: data.set = \"" + set + "\" needs the folder with the files");
}

TEST_CASE("a text is one file, without classes and without pixels") {
  const std::string text = "[data]\nset = \"text\"\n";
  CHECK(refusal(text) == "x.toml: data.path: data.set = \"text\" needs a file");
  CHECK(refusal(text + "path = \"no/such\"") == "x.toml:3: data.path: no such file: \"no/such\"");
  const std::string here = text + "path = \"" + (examples() / "text.toml").string() + "\"\n";
  CHECK(refusal(here + "partition = \"contiguous\"\ncontext = 8") == "");
  CHECK(refusal(here + "partition = \"shards\"") ==
        "x.toml:4: data.partition: a text has no classes to divide by: expected iid or contiguous, "
        "got \"shards\"");
  CHECK(refusal(here + "augment = true") ==
        "x.toml:4: data.augment: is for images; data.set is \"text\"");
  CHECK_THAT(refusal(here + "context = 0"), Catch::Contains("expected an integer from 1"));
  CHECK(refusal("[data]\ncontext = 8") ==
        "x.toml:2: data.context: needs data.set = \"text\", got \"glyphs\"");
}

TEST_CASE("a batch larger than the samples that are used is refused") {
  CHECK(accepted("[data]\nlimit = 32").train.batch == 32);
  CHECK(refusal("[data]\nlimit = 31\n[train]\nbatch = 32") ==
        "x.toml:4: train.batch: expected at most data.limit = 31, got 32");
}

TEST_CASE("a missing file is refused by name") {
  CHECK(refusal("", {"model.init=none.safetensors"}) ==
        "--set model.init=none.safetensors: no such file: \"none.safetensors\"");
}

TEST_CASE("a config that is not there, or is a folder, is refused by name") {
  const auto missing = peers::read_config("no-such.toml", {});
  REQUIRE_FALSE(missing.ok());
  CHECK_THAT(missing.error().message, Catch::StartsWith("no-such.toml: "));
  const auto folder = peers::read_config(examples(), {});
  REQUIRE_FALSE(folder.ok());
  CHECK_THAT(folder.error().message, Catch::StartsWith(examples().string() + ": "));
}

TEST_CASE("a relative path in a file is looked up beside the file and becomes absolute") {
  const auto config = peers::read_config(examples() / "quadratic.toml", {});
  REQUIRE(config.ok());
  CHECK(config->objective.centers == (examples() / "quadratic" / "centers.csv").string());
}

TEST_CASE("a relative path after --set is not looked up beside the file") {
  const Sets sets = {"objective.centers=quadratic/centers.csv"};
  const auto config = peers::read_config(examples() / "quadratic.toml", sets);
  const bool here_too = fs::exists("quadratic/centers.csv");
  CHECK(config.ok() == here_too);
}

TEST_CASE("faults are read, and wrong ones refused") {
  const peers::Config config =
      accepted("[[simulate.faults]]\nat = 3\nkind = \"cut\"\npeers = [0, 7]");
  REQUIRE(config.simulate.faults.size() == 1);
  CHECK(config.simulate.faults[0] == peers::FaultConfig{3.0, "cut", {0, 7}});

  const auto fault = GENERATE(
      as<std::string>{}, "{ at = 3.0, kind = \"crash\" }", "{}", "3",
      "{ at = -1, kind = \"crash\", peers = [1] }", "{ at = 1, kind = 4, peers = [1] }",
      "{ at = 1, kind = \"crash\", peers = [-1] }", "{ at = 1, kind = \"crash\", peers = 1 }",
      "{ at = 1, kind = \"crash\", peers = [] }", "{ at = 1, kind = \"crash\", peers = [8] }",
      "{ at = 1, kind = \"crash\", pears = [1] }");
  CHECK_THAT(refusal("[simulate]\nfaults = [" + fault + "]"), Catch::Contains("expected"));
}

TEST_CASE("a kind of fault that is unknown is refused with what there is") {
  CHECK(refusal("[simulate]\nfaults = [{ at = 1, kind = \"craash\", peers = [1] }]") ==
        "x.toml:2: simulate.faults: kind: expected one of crash, leave, restart, join, freeze, "
        "thaw, cut, mute, heal, got \"craash\"; did you mean \"crash\"?");
}

namespace {

// Every key that this version lets one change, changed.
const char* const kEverythingChanged = R"(
run = "a \"quoted\" \\ name\twith\u0001control and ünïcode"
seed = 9223372036854775807
checkpoint = { every_seconds = 2.5, keep = 7, resume = "auto" }
[peer]
advertise = "tcp://box:7000"
join = ["tcp://box:7000", "ipc:///tmp/p1"]
name = "me"
listen = "ipc:///tmp/x"
device = "cuda:1"
threads = 3
[data]
set = "text"
path = "@examples@/quadratic/centers.csv"
partition = "dirichlet"
alpha = 0.1
tasks = "label-permutation"
task_count = 3
part = 1
parts = 4
augment = true
limit = 100000
context = 8
[model]
kind = "layers"
layers = ["relu", "dense 10"]
init = "@examples@/quadratic/centers.csv"
[train]
epochs = 0
steps = 12
batch = 65534
batch_policy = "divebatch"
batch_max = 65535
batch_growth = 0.5
batch_every = 2
batch_rescale = false
noise_every = 7
drop_activations = 0.5
label_smoothing = 0.1
evaluate_every = 0
[policy]
preset = "none"
optimizer = "sgd"
learning_rate = 1e-7
momentum = 0.30000000000000004
nesterov = true
weight_decay = 5e-4
beta1 = 0.8
beta2 = 0.99
epsilon = 1e-6
rho = 0.1
plugin = "@examples@/quadratic/centers.csv"
learning_rate_rule = "step"
warm_up = 0.05
decay_at = [0.4]
decay_factor = 0.2
schedule = "periodic"
period = 8
stages = "nc-2"
stage_data = "non-iid"
stage_steps = 500
stage_pull = 0.01
correction = "quasi-global-momentum"
correction_damping = 1.0
fedaware_memory = 0.3
fedaware_rate = 0.5
fedaware_projected = false
regularizer = "l2-init"
regularizer_strength = 1e-3
outer = "nesterov"
outer_learning_rate = 0.5
outer_momentum = 0.8
rate_correction = false
[gossip]
protocol = "d-sgd"
constant_share = 0.5
topology = "file"
fanout = 2
topology_file = "@examples@/quadratic/centers.csv"
pace = "sync"
codec = "int8"
share_kept = 0.1
damping = 0.5
average_every = 4
blocks_per_push = 3
block_choice = "random"
block_bytes = 4096
max_lead = 3
weight_floor = 0.0
settle_rounds = 0
mix_statistics = false
weighting = "metropolis"
view = { neighbours = 7, others = 40 }
moreau = { v = 0.2, k = 5.0, distance = "exact", space = "mass", per_block = true }
[membership]
probe_interval_ms = 10
suspicion_multiplier = 2.0
beacon_port = 7
members = ["0 p0 tcp://127.0.0.1:1 tcp://127.0.0.1:2 0123456789abcdefghijklmnopqrstuvwxyzABCD"]
[security]
mode = "curve"
key = "@examples@/quadratic/centers.csv"
authorized = "@examples@/quadratic"
refused_max = 7
messages_max = 8
allow_insecure_lan = true
[objective]
kind = "quadratic"
centers = "@examples@/quadratic/centers.csv"
curvature = "@examples@/quadratic/centers.csv"
points = "@examples@/quadratic/centers.csv"
l2 = 0.5
start = "@examples@/quadratic/centers.csv"
noise = 0.1
[simulate]
peers = 4
rounds = 7
trace = true
step_seconds = [0.1, 1e300]
precision = "f64"
link = { delay_ms = 0.0, bandwidth_mbit = 100.0, loss = 0.1, duplicate = 1.0, reorder = 0.5 }
faults = [{ at = 0.25, kind = "crash", peers = [0, 3] }, { at = 1.0, kind = "heal", peers = [1] }]
)";

std::string everything_changed() {
  std::string text = kEverythingChanged;
  const std::string mark = "@examples@";
  for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark))
    text.replace(at, mark.size(), examples().string());
  return text;
}

// A key of this version with more than one thing to say.
bool may_change(const peers::Field& field) {
  const auto* name = std::get_if<peers::Name>(&field.value);
  if (name == nullptr) return !field.later;
  return name->choices.size() > 1;
}

}  // namespace

TEST_CASE("a printed config reads back to an equal one, with every key changed") {
  peers::Config changed = accepted(everything_changed());
  peers::Config defaults;
  const auto fields = peers::fields_of(changed);
  const auto untouched = peers::fields_of(defaults);
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::string_view key = fields[i].key;
    CAPTURE(key);
    // Tried elsewhere: what goes without rounds, out of step, and without a list or a quadratic.
    const bool expected = may_change(fields[i]) && key != "simulate.seconds" &&
                          !key.starts_with("security.norm_") && key != "membership.discovery" &&
                          key != "train.precision" && key != "policy.learning_rate_batch" &&
                          key != "policy.participants" && key != "policy.order";
    CHECK((peers::field_text(fields[i]) != peers::field_text(untouched[i])) == expected);
  }
  CHECK(accepted(peers::to_toml(changed)) == changed);

  changed.simulate.rounds.reset();
  changed.simulate.seconds = 2.5;
  CHECK(accepted(peers::to_toml(changed)) == changed);
  defaults.security.norm_limit = 10.0;
  defaults.security.norm_action = "clip";
  defaults.policy.learning_rate_batch = 256;
  CHECK(accepted(peers::to_toml(defaults)) == defaults);
}

TEST_CASE("the printed defaults read back to the defaults") {
  CHECK(accepted(peers::to_toml(peers::Config{})) == peers::Config{});
}

TEST_CASE("every key is described once, with help") {
  peers::Config config;
  std::vector<std::string_view> keys;
  for (const peers::Field& field : peers::fields_of(config)) {
    CAPTURE(field.key);
    CHECK(std::count(keys.begin(), keys.end(), field.key) == 0);
    CHECK_FALSE(field.help.empty());
    keys.push_back(field.key);
  }
  CHECK(keys.size() > 80);
}

TEST_CASE("every key that takes a name has at least one in this version") {
  peers::Config config;
  for (const peers::Field& field : peers::fields_of(config)) {
    const auto* name = std::get_if<peers::Name>(&field.value);
    if (name == nullptr) continue;
    CAPTURE(field.key);
    CHECK_FALSE(peers::choice_names(name->choices).empty());
  }
}

TEST_CASE("the topologies that a config takes are those that are built") {
  std::vector<std::string_view> taken;
  for (const peers::Choice& choice : peers::choices_of("gossip.topology"))
    taken.push_back(choice.name);
  std::vector<std::string_view> built;
  for (const gossip::TopologyName& topology : gossip::topology_names())
    built.push_back(topology.name);
  std::ranges::sort(taken);
  std::ranges::sort(built);
  CHECK(taken == built);
}

TEST_CASE("the codecs and choices of blocks that a config takes are those that are built") {
  std::string codecs;
  for (const gossip::CodecName& codec : gossip::codec_names())
    codecs.append(codecs.empty() ? "" : ", ").append(codec.name);
  CHECK(peers::choice_names(peers::choices_of("gossip.codec")) == codecs);
  for (const gossip::BlockChoiceName& choice : gossip::block_choice_names())
    CHECK(accepted("", {"gossip.block_choice=" + std::string(choice.name)}).gossip.block_choice ==
          choice.name);
}

TEST_CASE("every example is accepted") {
  const Sets sets = {"data.path=" +
                     examples().string()};  // some want files that are not ours to ship
  std::size_t read = 0;
  for (const auto& entry : fs::directory_iterator(examples())) {
    if (entry.path().extension() != ".toml") continue;
    const bool brings_its_own = entry.path().stem() == "text";
    const auto config = peers::read_config(entry.path(), brings_its_own ? Sets{} : sets);
    if (!config) FAIL(config.error().message);
    CHECK(config->run == entry.path().stem());
    ++read;
  }
  CHECK(read >= 3);
}

namespace {

// What docs/config.md says between <!-- mark --> and <!-- /mark -->.
std::string documented(const std::string& mark) {
  std::ifstream in(fs::path(MURMUR_SOURCE_DIR) / "docs" / "config.md");
  std::ostringstream whole;
  whole << in.rdbuf();
  const std::string page = whole.str();
  const std::string begin = "<!-- " + mark + " -->\n";
  const std::size_t from = page.find(begin);
  const std::size_t to = page.find("<!-- /" + mark + " -->");
  REQUIRE(from != std::string::npos);
  REQUIRE(to != std::string::npos);
  return page.substr(from + begin.size(), to - from - begin.size());
}

}  // namespace

TEST_CASE("docs/config.md holds the table of keys as it is") {
  CHECK(documented("keys") == peers::config_reference());
}

TEST_CASE("docs/config.md holds the table of topologies as they are measured") {
  CHECK(documented("topologies") == peers::topology_reference());
}
