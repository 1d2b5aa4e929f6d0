#include "peers/config_fields.h"

#include <limits>

namespace peers {
namespace {

constexpr std::uint64_t kAnyCount = std::numeric_limits<std::int64_t>::max();  // TOML's integers
constexpr double kAnyNumber = std::numeric_limits<double>::max();
constexpr CountRange kFromZero{0, kAnyCount};
constexpr CountRange kFromOne{1, kAnyCount};
constexpr NumberRange kPositive{0.0, kAnyNumber, true};
constexpr NumberRange kNotNegative{0.0, kAnyNumber};
constexpr NumberRange kShare{0.0, 1.0};
constexpr NumberRange kBelowOne{0.0, 1.0, false, true};  // a moment that forgets something
constexpr NumberRange kEpsilon{1e-12, 1.0};              // its square is a number in f32
constexpr NumberRange kInside{0.0, 1.0, true, true};
constexpr std::uint64_t kPeersMax = 100'000;
constexpr std::uint64_t kThreadsMax = 1024;
constexpr std::uint64_t kTasksMax = 10'000;
constexpr std::uint64_t kBatchMax = 65536;
constexpr std::uint64_t kContextMax = 65536;
constexpr std::uint64_t kDayMs = 86'400'000;
constexpr std::uint64_t kPortMax = 65535;
constexpr std::uint64_t kBlockBytesMax = 64U << 20U;  // the largest message a transport accepts

using Fields = std::vector<Field>;

// Appends keys of one table, in the order of the document.
class Table {
 public:
  explicit Table(Fields& fields) : fields_(fields) {}

  void add(std::string_view key, FieldValue value, std::string_view help) {
    fields_.push_back({key, help, value});
  }
  void add_name(std::string_view key, std::string& value, std::string_view help) {
    fields_.push_back({key, help, Name{&value, choices_of(key)}});
  }
  void add_later(std::string_view key, FieldValue value, std::string_view help) {
    fields_.push_back({key, help, value, true});
  }

 private:
  Fields& fields_;
};

void describe_run(Config& c, Table t) {
  t.add("run", Text{&c.run}, "the folder of this run: runs/<run>/");
  t.add("seed", Count{&c.seed, kFromZero}, "fixes every random choice of the run");
}

void describe_peer(PeerConfig& c, Table t) {
  t.add("peer.name", Text{&c.name}, "empty: the host's name; launch names p0, p1, ...");
  t.add("peer.listen", Text{&c.listen}, "where to bind: tcp:// (port 0: any free one) or ipc://");
  t.add("peer.advertise", Text{&c.advertise},
        "what others dial (port 0: the ports bound); empty: listen, with this host's address");
  t.add("peer.join", Texts{&c.join},
        "control addresses of any peers that live, tried all at once; empty: the first one; curve: "
        "address#name expects the key of name.pub there");
  t.add("peer.device", Text{&c.device}, "auto, cpu, reference, or cuda:0, cuda:1, ...");
  t.add("peer.threads", Count{&c.threads, {0, kThreadsMax}},
        "compute threads on a CPU; 0: cores / peers of this run on this machine; more than cores "
        "are slow, which is said");
}

void describe_data(DataConfig& c, Table t) {
  t.add_name("data.set", c.set, "what to learn from");
  t.add("data.path", PathText{&c.path}, "folder with the files, or the text file; gzipped or not");
  t.add_name("data.partition", c.partition, "how the samples are split among the peers");
  t.add("data.alpha", Number{&c.alpha, kPositive}, "dirichlet: the smaller, the more skewed");
  t.add_name("data.tasks", c.tasks, "what is learned, one task after another");
  t.add("data.task_count", Count{&c.task_count, {2, kTasksMax}},
        "tasks: so many, each for as many steps");
  t.add("data.part", Count{&c.part, {0, kPeersMax - 1}}, "this peer's part (launch sets it) ...");
  t.add("data.parts", Count{&c.parts, {1, kPeersMax}}, "... of so many");
  t.add("data.augment", Flag{&c.augment},
        "training images are cropped at random, colour ones also flipped");
  t.add("data.limit", Count{&c.limit, kFromZero},
        "at most so many training samples, the first of the set; 0: all");
  t.add("data.context", Count{&c.context, {1, kContextMax}}, "text: characters of a sample");
}

void describe_model(ModelConfig& c, Table t) {
  t.add_name("model.kind", c.kind, "a name of the zoo");
  t.add("model.layers", Texts{&c.layers}, "kind = \"layers\": one layer a string");
  t.add("model.init", PathText{&c.init},
        "safetensors to start from, as far as names agree; empty: random");
}

void describe_train(TrainConfig& c, Table t) {
  t.add("train.epochs", Count{&c.epochs, kFromZero},
        "passes over the whole set by all peers together");
  t.add("train.steps", Count{&c.steps, kFromZero}, "steps of each peer; 0: as many as epochs make");
  t.add("train.batch", Count{&c.batch, {1, kBatchMax}}, "samples a step");
  t.add_name("train.batch_policy", c.batch_policy, "whether batches grow");
  t.add("train.batch_max", Count{&c.batch_max, {2, kBatchMax}},
        "divebatch: samples a step at most");
  t.add(
      "train.batch_growth", Number{&c.batch_growth, kPositive},
      "divebatch: batch of all peers over the diversity of gradients, 1 to the number of samples");
  t.add("train.batch_every", Count{&c.batch_every, kFromOne},
        "divebatch: the diversity is measured in every so many-th pass over the data");
  t.add("train.batch_rescale", Flag{&c.batch_rescale},
        "divebatch: the learning rate grows with the batch");
  t.add("train.noise_every", Count{&c.noise_every, kFromZero},
        "steps between measurements of the gradient noise scale, a step's work each; 0: none");
  t.add_name(
      "train.precision", c.precision,
      "of the factors of layers' products, where the device can; else f32, and the log says so");
  t.add("train.drop_activations", Number{&c.drop_activations, kBelowOne},
        "share of what is kept for weight gradients that is dropped (DropIT); cpu, reference");
  t.add("train.label_smoothing", Number{&c.label_smoothing, kShare},
        "share of each label that is spread over all classes");
  t.add("train.evaluate_every", Count{&c.evaluate_every, kFromZero}, "epochs; 0: at the end only");
}

void describe_policy(PolicyConfig& c, Table t) {
  t.add_name("policy.preset", c.preset, "fills in the keys below that are not given");
  t.add_name("policy.optimizer", c.optimizer, "from a gradient to a change of the model");
  t.add("policy.plugin", PathText{&c.plugin},
        "a shared library with an optimizer of your own, instead of that");
  t.add("policy.learning_rate", Number{&c.learning_rate, kPositive},
        "the base that the rule changes");
  t.add("policy.learning_rate_batch", Count{&c.learning_rate_batch, kFromZero},
        "samples of a step of all peers that it is meant for; with others it is in proportion; 0: "
        "as it is");
  t.add_name("policy.learning_rate_rule", c.learning_rate_rule, "how it changes over the run");
  t.add("policy.warm_up", Number{&c.warm_up, kShare},
        "share of the run in which the rate climbs to learning_rate");
  t.add("policy.decay_at", Numbers{&c.decay_at, kShare},
        "step: shares of the run after which the rate falls ...");
  t.add("policy.decay_factor", Number{&c.decay_factor, {0.0, 1.0, true}}, "... by this factor");
  t.add("policy.momentum", Number{&c.momentum, kShare},
        "momentum, sam (0: plain steps), quasi-global-momentum");
  t.add("policy.nesterov", Flag{&c.nesterov}, "momentum looks ahead: the same three");
  t.add("policy.weight_decay", Number{&c.weight_decay, kNotNegative},
        "pulls by weight_decay * z; adamw, lamb and lightsam-*: beside the scaled step");
  t.add("policy.beta1", Number{&c.beta1, kBelowOne},
        "adamw, lamb, lightsam-adam: how long gradients are remembered ...");
  t.add("policy.beta2", Number{&c.beta2, kBelowOne}, "... and their squares");
  t.add("policy.epsilon", Number{&c.epsilon, kEpsilon},
        "adamw, lamb: added to the root; lightsam-*: where the root starts");
  t.add("policy.rho", Number{&c.rho, kNotNegative},
        "sam, lightsam-*: how far uphill the second gradient is taken");
  t.add_name("policy.schedule", c.schedule, "when to push");
  t.add("policy.period", Count{&c.period, kFromOne},
        "all but every-step: local steps between pushes; stagewise: in the first stage");
  t.add_name("policy.order", c.order, "whether a push takes the step just computed along");
  t.add("policy.participants", Count{&c.participants, kFromZero},
        "periodic: so many peers, drawn anew, train in a period and count for all; 0: everybody");
  t.add_name("policy.stages", c.stages, "stagewise: how rate, length and period change by stage");
  t.add_name("policy.stage_data", c.stage_data, "stagewise: how fast the period grows");
  t.add("policy.stage_steps", Count{&c.stage_steps, kFromOne}, "stagewise: of the first stage");
  t.add("policy.stage_pull", Number{&c.stage_pull, kNotNegative},
        "stagewise, nc-1 and nc-2: adds stage_pull * (z - z at the stage's start) to the gradient");
  t.add_name("policy.correction", c.correction, "what fights the drift between peers");
  t.add("policy.correction_damping", Number{&c.correction_damping, {0.0, 1.0, true}},
        "vrl: share of what a mix showed that is believed; 1 only where the graph never changes");
  t.add("policy.fedaware_memory", Number{&c.fedaware_memory, {0.0, 1.0, true}},
        "fedaware: share of its last steps in what a peer remembers of the way it takes");
  t.add("policy.fedaware_rate", Number{&c.fedaware_rate, kPositive},
        "fedaware: how far along the common direction");
  t.add("policy.fedaware_projected", Flag{&c.fedaware_projected},
        "fedaware: times as far as the plain average would go along it; false: times its length");
  t.add_name("policy.regularizer", c.regularizer, "what is added to the loss");
  t.add("policy.regularizer_strength", Number{&c.regularizer_strength, kNotNegative}, "times that");
  t.add_name("policy.outer", c.outer, "a second optimizer, of what a period and its mix came to");
  t.add("policy.outer_learning_rate", Number{&c.outer_learning_rate, kPositive},
        "nesterov, heavy-ball: 1 is all of the way there");
  t.add("policy.outer_momentum", Number{&c.outer_momentum, kBelowOne}, "nesterov, heavy-ball");
  t.add("policy.rate_correction", Flag{&c.rate_correction},
        "async: a slow peer's data counts as much as a fast one's");
}

void describe_gossip(GossipConfig& c, Table t) {
  t.add_name("gossip.protocol", c.protocol,
             "what peers exchange, and which of these keys that fixes: see Protocols");
  t.add_name("gossip.weighting", c.weighting, "how much goes to each receiver");
  t.add("gossip.constant_share", Number{&c.constant_share, {0.0, 1.0, true}},
        "constant: the part of an equal share that each receiver gets; 1: as uniform");
  t.add_name("gossip.topology", c.topology, "to whom, round by round");
  t.add("gossip.fanout", Count{&c.fanout, {1, kPeersMax}},
        "receivers a round, or as many as the topology makes of it: see Topologies");
  t.add("gossip.topology_file", PathText{&c.topology_file},
        "file: B*N rows of N numbers; row i, column j not 0: j pushes to i");
  t.add_name("gossip.pace", c.pace, "whether training waits for the network");
  t.add_name("gossip.codec", c.codec, "how parameters travel");
  t.add("gossip.share_kept", Number{&c.share_kept, {0.0, 1.0, true}},
        "topk, randomk: of the numbers of a block, those that travel");
  t.add("gossip.block_bytes", Count{&c.block_bytes, {4, kBlockBytesMax}},
        "the model is cut into blocks of at most so many bytes");
  t.add("gossip.blocks_per_push", CountOrAll{&c.blocks_per_push, kFromOne},
        "of how many blocks a push is; the others wait for theirs");
  t.add_name("gossip.block_choice", c.block_choice, "of which, where not of all");
  t.add("gossip.damping", Number{&c.damping, {0.0, 1.0, true}},
        "times every share: less moves, and less is felt of what a codec loses");
  t.add("gossip.average_every", Count{&c.average_every, kFromOne},
        "liec: rounds from one average of all models to the next");
  t.add(
      "gossip.max_lead", Count{&c.max_lead, kFromOne},
      "bounded: training waits while it is more rounds than this ahead of the slowest peer heard");
  t.add("gossip.weight_floor", Number{&c.weight_floor, {0.0, 0.5}},
        "async: a block whose weight is below is not pushed");
  t.add("gossip.settle_rounds", Count{&c.settle_rounds, {0, 10'000}},
        "rounds of mixing after the last gradient step");
  t.add("gossip.mix_statistics", Flag{&c.mix_statistics},
        "running statistics are mixed like parameters; false: each peer reads those of its own "
        "batches");
}

void describe_view(ViewConfig& c, Table t) {
  t.add("gossip.view.neighbours", Count{&c.neighbours, {3, kPeersMax}},
        "view: peers to push to at most, each of whom has this one in its view");
  t.add("gossip.view.others", Count{&c.others, {1, kPeersMax}},
        "view: peers known beside, to take the place of neighbours that are lost");
}

void describe_moreau(MoreauConfig& c, Table t) {
  t.add("gossip.moreau.v", Number{&c.v, kInside},
        "a twin gets v (1 - v) / (1 + v), the farthest peer 1 - v, over the out-degree");
  t.add("gossip.moreau.k", Number{&c.k, kPositive}, "how fast a share grows with the distance");
  t.add_name("gossip.moreau.distance", c.distance, "how distances are taken");
  t.add_name("gossip.moreau.space", c.space, "distances of what");
  t.add("gossip.moreau.per_block", Flag{&c.per_block},
        "a share for each block, by its own distance");
}

void describe_membership(MembershipConfig& c, Table t) {
  t.add(
      "membership.members", Texts{&c.members},
      "a fixed list: \"id name control-address bulk-address [public-key]\" each (launch sets it)");
  t.add("membership.probe_interval_ms", Count{&c.probe_interval_ms, {0, kDayMs}},
        "some member is asked so often whether it is there; 0: none is, or is taken for dead");
  t.add("membership.suspicion_multiplier", Number{&c.suspicion_multiplier, kPositive},
        "intervals in which a suspected peer can refute");
  t.add_name("membership.discovery", c.discovery, "how a peer without peer.join finds its run");
  t.add("membership.beacon_port", Count{&c.beacon_port, {1, kPortMax}},
        "beacon: the UDP port that all peers of a network use");
}

void describe_services(Config& c, Table t) {
  t.add_name("security.mode", c.security.mode, "of connections between peers");
  t.add("security.key", PathText{&c.security.key},
        "curve: this peer's secret key, of murmur keygen; launch makes one for each peer");
  t.add(
      "security.authorized", PathText{&c.security.authorized},
      "curve: folder with the *.pub of who is let in, read again when it changes; empty: own key");
  t.add(
      "security.refused_max", Count{&c.security.refused_max, kFromZero},
      "a peer of which more is refused within 10 s is not heard for a minute; 0: whatever it says");
  t.add("security.messages_max", Count{&c.security.messages_max, kFromZero},
        "of a peer in a second, of any kind; more are dropped unread; 0: however many");
  t.add("security.norm_limit", Number{&c.security.norm_limit, kNotNegative},
        "how large a block, or its distance, may be in times one's own; 0: whatever it is");
  t.add_name("security.norm_action", c.security.norm_action, "of a block beyond norm_limit");
  t.add("security.allow_insecure_lan", Flag{&c.security.allow_insecure_lan},
        "mode none: listen for other machines all the same");
  t.add("checkpoint.every_seconds", Number{&c.checkpoint.every_seconds, kNotNegative},
        "0: at the end only");
  t.add("checkpoint.keep", Count{&c.checkpoint.keep, kFromOne}, "so many of the latest");
  t.add("checkpoint.resume", Text{&c.checkpoint.resume},
        "none: begin anew; auto: go on from the latest of this peer, if any; or a file");
  t.add_later("watch.http", Text{&c.watch.http}, "address of the dashboard; empty: none");
}

void describe_objective(ObjectiveConfig& c, Table t) {
  t.add_name("objective.kind", c.kind, "what a peer trains on");
  t.add("objective.centers", PathText{&c.centers}, "quadratic: CSV, row i = c_i of peer i");
  t.add("objective.curvature", PathText{&c.curvature}, "quadratic: CSV of h_ik; empty: all 1");
  t.add("objective.points", PathText{&c.points},
        "logistic: CSV, rows of peer, label (0 or 1), features; empty: drawn from the seed");
  t.add("objective.l2", Number{&c.l2, kNotNegative}, "logistic: adds l2 / 2 |z|^2");
  t.add("objective.start", PathText{&c.start},
        "quadratic, logistic: CSV, one row or one per peer; empty: zeros");
  t.add("objective.noise", Number{&c.noise, kNotNegative}, "standard deviation of gradient noise");
}

void describe_simulate(SimulateConfig& c, Table t) {
  t.add("simulate.peers", Count{&c.peers, {1, kPeersMax}}, "how many in virtual time");
  t.add("simulate.rounds", OptionalCount{&c.rounds, kFromOne}, "of every peer ...");
  t.add("simulate.seconds", OptionalNumber{&c.seconds, kPositive}, "... or of virtual time");
  t.add("simulate.trace", Flag{&c.trace}, "trace.csv: round,peer,weight,loss,z_0,z_1,...");
  t.add("simulate.step_seconds", Numbers{&c.step_seconds, kPositive},
        "compute time of a step, per peer, the last repeats");
  t.add_name("simulate.precision", c.precision, "of parameters");
  t.add("simulate.faults", Faults{&c.faults},
        "{ at = 3.0, kind = \"crash\", peers = [1] }: crash, leave, restart, join, freeze, thaw, "
        "cut, "
        "mute, heal");
}

void describe_link(LinkConfig& c, Table t) {
  t.add("simulate.link.delay_ms", Number{&c.delay_ms, kNotNegative}, "one way");
  t.add("simulate.link.bandwidth_mbit", Number{&c.bandwidth_mbit, kNotNegative}, "0: no limit");
  t.add("simulate.link.loss", Number{&c.loss, kShare}, "probability of each message");
  t.add("simulate.link.duplicate", Number{&c.duplicate, kShare}, "probability of each message");
  t.add("simulate.link.reorder", Number{&c.reorder, kShare}, "probability of each message");
}

}  // namespace

std::vector<Field> fields_of(Config& config) {
  Fields fields;
  const Table table(fields);
  describe_run(config, table);
  describe_peer(config.peer, table);
  describe_data(config.data, table);
  describe_model(config.model, table);
  describe_train(config.train, table);
  describe_policy(config.policy, table);
  describe_gossip(config.gossip, table);
  describe_moreau(config.gossip.moreau, table);
  describe_view(config.gossip.view, table);
  describe_membership(config.membership, table);
  describe_services(config, table);
  describe_objective(config.objective, table);
  describe_simulate(config.simulate, table);
  describe_link(config.simulate.link, table);
  return fields;
}

std::string_view table_of(std::string_view key) {
  const std::size_t dot = key.rfind('.');
  return dot == std::string_view::npos ? std::string_view{} : key.substr(0, dot);
}

std::string_view last_word_of(std::string_view key) {
  const std::size_t dot = key.rfind('.');
  return dot == std::string_view::npos ? key : key.substr(dot + 1);
}

}  // namespace peers
