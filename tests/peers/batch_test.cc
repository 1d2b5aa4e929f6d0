// What a batch says of gradients' noise: estimators against sums over all samples, the batch that
// grows, and what both say beside what the data are.
#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "kernels/open_backend.h"
#include "peers/batch_advice.h"
#include "peers/policies/divebatch.h"
#include "peers/policies/noise_scale.h"
#include "peers/policies/split_gradient.h"
#include "peers/simulate.h"
#include "runtime/random.h"
#include "tests/support/config_texts.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

namespace {

using Numbers = std::vector<double>;
using Matrix = std::vector<Numbers>;

double dot(const Numbers& a, const Numbers& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

// Samples' gradients as they are, whatever the estimate: batches are given by hand.
class Samples final : public peers::Objective {
 public:
  Samples(Matrix gradients, kernels::Backend& backend)
      : gradients_(std::move(gradients)), backend_(&backend) {}
  void choose(std::vector<std::size_t> batch) { batch_ = std::move(batch); }

  [[nodiscard]] std::size_t parameter_count() const override { return gradients_[0].size(); }
  [[nodiscard]] kernels::Scalar scalar() const override { return kernels::Scalar::kF64; }
  [[nodiscard]] std::size_t batch_samples() const override { return batch_.size(); }
  void write_start(kernels::View /*host*/) const override {}
  void next_batch() override {}
  double gradient_at(kernels::ConstView /*estimate*/, kernels::View /*gradient*/) override {
    return 0.0;
  }
  [[nodiscard]] bool parts_batches() const override { return true; }
  void gradient_of_part(const Part& part, kernels::ConstView /*estimate*/,
                        kernels::View gradient) override {
    Numbers mean(parameter_count(), 0.0);
    for (std::size_t i = part.first; i < part.first + part.count; ++i)
      for (std::size_t k = 0; k < mean.size(); ++k)
        mean[k] += gradients_[batch_[i]][k] / static_cast<double>(part.count);
    backend_->upload(std::span<const double>(mean), gradient);
  }
  [[nodiscard]] std::optional<peers::Quality> evaluate(kernels::ConstView /*z*/) override {
    return {};
  }

 private:
  Matrix gradients_;
  std::vector<std::size_t> batch_;
  kernels::Backend* backend_;
};

struct Bench {
  std::unique_ptr<kernels::Backend> backend = std::move(kernels::open_backend({"cpu", 1})->backend);
  [[nodiscard]] peers::VectorSpace space(std::size_t count) const {
    return {backend.get(), count, kernels::Scalar::kF64};
  }
  [[nodiscard]] peers::NoiseSums noise(Samples& samples, std::vector<std::size_t> batch) const {
    peers::SplitGradient gradient(space(samples.parameter_count()));
    kernels::Buffer room = space(samples.parameter_count()).zeros();
    samples.choose(std::move(batch));
    gradient.take(samples, {}, room.view());
    return gradient.noise(0, samples.parameter_count());
  }
};

Matrix noisy(std::size_t count, std::size_t size, double offset) {
  runtime::Random random(5);
  Matrix gradients(count, Numbers(size));
  for (Numbers& gradient : gradients)
    for (double& number : gradient) number = offset + random.normal();
  return gradients;
}

// n sum |h|^2 / |sum h|^2
double true_scale(const Matrix& gradients) {
  Numbers sum(gradients[0].size(), 0.0);
  double squares = 0.0;
  for (const Numbers& gradient : gradients) {
    squares += dot(gradient, gradient);
    for (std::size_t k = 0; k < sum.size(); ++k) sum[k] += gradient[k];
  }
  return static_cast<double>(gradients.size()) * squares / dot(sum, sum);
}

std::vector<std::size_t> one_to(std::size_t count) {
  std::vector<std::size_t> batch(count);
  std::iota(batch.begin(), batch.end(), std::size_t{0});
  return batch;
}

// Passes of peers that each have all of `gradients`, two samples a batch.
struct Growers {
  Growers(const Bench& bench, const std::vector<Matrix>& of_peers,
          const peers::DiveBatchOptions& options) {
    for (const Matrix& gradients : of_peers) {
      samples.push_back(std::make_unique<Samples>(gradients, *bench.backend));
      growth.push_back(
          std::make_unique<peers::DiveBatch>(options, bench.space(gradients[0].size())));
      gradient.push_back(std::make_unique<peers::SplitGradient>(bench.space(gradients[0].size())));
      room.push_back(bench.space(gradients[0].size()).zeros());
    }
  }
  // All samples of every peer, two by two; then everybody hears of everybody.
  void pass() {
    for (std::size_t i = 0; i < samples.size(); ++i) {
      for (std::uint64_t k = 0; k < steps_a_pass; ++k) {
        samples[i]->choose({2 * k, 2 * k + 1});
        if (growth[i]->measures(steps + k)) {
          gradient[i]->take(*samples[i], {}, room[i].view());
          growth[i]->add(*gradient[i]);
        }
        growth[i]->after_step(steps + k + 1);
      }
      if (auto note = growth[i]->note()) {
        note->about = runtime::PeerId{i};
        notes.resize(samples.size());
        notes[i] = std::make_shared<const gossip::Note>(*note);
      }
    }
    steps += steps_a_pass;
    for (auto& one : growth)
      if (!notes.empty()) static_cast<void>(one->hear(notes, samples.size()));
  }

  std::vector<std::unique_ptr<Samples>> samples;
  std::vector<std::unique_ptr<peers::DiveBatch>> growth;
  std::vector<std::unique_ptr<peers::SplitGradient>> gradient;
  std::vector<kernels::Buffer> room;
  std::vector<gossip::SharedNote> notes;
  std::uint64_t steps_a_pass = 4;
  std::uint64_t steps = 0;
};

peers::DiveBatchOptions growing(double scale) {
  return {.batch = 2, .batch_max = 64, .scale = scale, .pass_steps = 4, .every_passes = 1};
}

Matrix one_hot(std::size_t count, std::size_t size, std::size_t first = 0) {
  Matrix gradients(count, Numbers(size, 0.0));
  for (std::size_t i = 0; i < count; ++i) gradients[i][first + i] = 1.0;
  return gradients;
}

}  // namespace

TEST_CASE("two halves say what two sizes of batches say") {
  const Bench bench;
  Samples samples(noisy(13, 6, 0.4), *bench.backend);
  const peers::NoiseSums noise = bench.noise(samples, one_to(13));
  // |g|^2 = (B |G_B|^2 - b |G_b|^2) / (B - b) and tr = (|G_b|^2 - |G_B|^2) / (1/b - 1/B), of the
  // halves of an even batch.
  Samples even(noisy(12, 6, 0.4), *bench.backend);
  const peers::NoiseSums halves = bench.noise(even, one_to(12));
  const Matrix h = noisy(12, 6, 0.4);
  Numbers first(6, 0.0);
  Numbers second(6, 0.0);
  Numbers whole(6, 0.0);
  for (std::size_t i = 0; i < 12; ++i)
    for (std::size_t k = 0; k < 6; ++k) {
      (i < 6 ? first : second)[k] += h[i][k] / 6.0;
      whole[k] += h[i][k] / 12.0;
    }
  const double small = 0.5 * (dot(first, first) + dot(second, second));
  const double large = dot(whole, whole);
  CHECK(halves.squared_norm == Approx((12.0 * large - 6.0 * small) / 6.0));
  CHECK(halves.trace == Approx((small - large) / (1.0 / 6.0 - 1.0 / 12.0)));
  CHECK(noise.trace > 0.0);
}

TEST_CASE("batches of a data set say its noise scale without bias, whatever their size") {
  const Bench bench;
  const Matrix gradients = noisy(200, 30, 0.3);
  Samples samples(gradients, *bench.backend);
  const std::size_t size = GENERATE(as<std::size_t>{}, 2, 3, 8, 64);
  CAPTURE(size);
  runtime::Random random(11);
  peers::NoiseSums sums;
  for (int draw = 0; draw < 20000; ++draw) {
    std::vector<std::size_t> batch(size);  // with replacement
    for (std::size_t& i : batch) i = random.below(200);
    sums.add(bench.noise(samples, batch));
  }
  CHECK(sums.noise_scale() == Approx(true_scale(gradients)).epsilon(0.05));
}

TEST_CASE("one example over and over is worth one sample, and ten times its loss the same") {
  const Bench bench;
  Samples same(Matrix(8, Numbers{1.0, -2.0, 3.0}), *bench.backend);
  CHECK(bench.noise(same, one_to(8)).noise_scale() == Approx(1.0));
  Samples plain(noisy(8, 5, 0.7), *bench.backend);
  Matrix tenfold = noisy(8, 5, 0.7);
  for (Numbers& gradient : tenfold)
    for (double& number : gradient) number *= 10.0;
  Samples loud(tenfold, *bench.backend);
  CHECK(bench.noise(loud, one_to(8)).noise_scale() ==
        Approx(bench.noise(plain, one_to(8)).noise_scale()));
  CHECK(std::isinf(peers::NoiseSums{.squared_norm = -0.1, .trace = 1.0}.noise_scale()));
}

TEST_CASE(
    "where all pull alike the batch stays, where they pull at right angles it is the largest") {
  const Bench bench;
  Growers alike(bench, {Matrix(8, Numbers{1.0, 2.0}), Matrix(8, Numbers{1.0, 2.0})}, growing(1.0));
  Growers apart(bench, {one_hot(8, 16), one_hot(8, 16, 8)}, growing(1.0));
  Growers some(bench, {one_hot(8, 16), one_hot(8, 16, 8)}, growing(0.5));
  for (auto* growers : {&alike, &apart, &some}) growers->pass();
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(alike.growth[i]->diversity() == Approx(1.0));
    CHECK(alike.growth[i]->batch() == 2);
    CHECK(apart.growth[i]->diversity() == Approx(16.0));  // of all samples, not of one's own
    CHECK(apart.growth[i]->batch() == 8);
    CHECK(some.growth[i]->batch() == 4);
  }
}

TEST_CASE("peers whose data differ agree on a batch that neither would choose by itself") {
  const Bench bench;
  // Alike at each peer, opposite at the two: each alone would stay at 1.
  const std::vector<Matrix> opposite = {Matrix(8, Numbers{1.0, 0.1}),
                                        Matrix(8, Numbers{-1.0, 0.1})};
  Growers together(bench, opposite, growing(0.5));
  Growers alone(bench, {opposite[0]}, growing(0.5));
  together.pass();
  alone.pass();
  CHECK(alone.growth[0]->batch() == 2);
  CHECK(together.growth[0]->diversity() == Approx(1.01 / 0.01));
  CHECK(together.growth[0]->batch() == 25);
  CHECK(together.growth[1]->batch() == together.growth[0]->batch());
  // It never shrinks, and does not go beyond the largest.
  for (int pass = 0; pass < 3; ++pass) together.pass();
  CHECK(together.growth[0]->batch() == 25);
  Growers more(bench, opposite, growing(100.0));
  more.pass();
  CHECK(more.growth[0]->batch() == 64);
}

TEST_CASE("nothing is decided before everybody's pass has come") {
  const Bench bench;
  Growers two(bench, {one_hot(8, 16), one_hot(8, 16, 8)}, growing(1.0));
  two.pass();
  peers::DiveBatch& one = *two.growth[0];
  CHECK(one.batch() == 8);
  CHECK_FALSE(one.hear(two.notes, 2));  // decided
  Growers again(bench, {one_hot(8, 16), one_hot(8, 16, 8)}, growing(1.0));
  const std::vector<gossip::SharedNote> some = {two.notes[0]};
  CHECK_FALSE(again.growth[0]->hear(some, 2));
  again.pass();
  CHECK(again.growth[0]->batch() == 8);
}

TEST_CASE("layers side by side are put together where there are many") {
  std::vector<models::ParameterTensor> tensors;
  for (std::size_t layer = 0; layer < 20; ++layer)
    for (const char* part : {".weight", ".bias"})
      tensors.push_back({.name = fmt::format("l{}{}", layer, part),
                         .shape = {5},
                         .offset = 5 * tensors.size(),
                         .count = 5,
                         .storage = {}});
  const auto few = peers::layer_groups(std::span(tensors).first(6), 30, 8);
  REQUIRE(few.size() == 3);
  CHECK(few[1].name == "l1");
  const auto many = peers::layer_groups(tensors, 200, 8);
  REQUIRE(many.size() == 8);
  std::size_t offset = 0;
  for (const peers::LayerGroup& group : many) {
    CHECK(group.offset == offset);
    offset += group.count;
  }
  CHECK(offset == 200);
  CHECK(many.back().name == "l17 to l19");
  CHECK(peers::layer_groups({}, 7, 8).front().count == 7);
}

TEST_CASE(
    "peers that see the same know one noise scale, and peers that differ a smaller gradient") {
  const Bench bench;
  const auto heard = [&](const std::vector<Matrix>& of_peers) {
    std::vector<std::unique_ptr<peers::NoiseScale>> scales;
    for (std::size_t i = 0; i < of_peers.size(); ++i)
      scales.push_back(std::make_unique<peers::NoiseScale>(
          1, std::vector<peers::LayerGroup>{{"a", 0, 10}, {"b", 10, 20}}, *bench.backend));
    runtime::Random random(3);
    peers::SplitGradient gradient(bench.space(30));
    kernels::Buffer room = bench.space(30).zeros();
    for (int round = 0; round < 400; ++round) {
      std::vector<gossip::SharedNote> notes;
      for (std::size_t i = 0; i < of_peers.size(); ++i) {
        Samples samples(of_peers[i], *bench.backend);
        std::vector<std::size_t> batch(16);
        for (std::size_t& k : batch) k = random.below(of_peers[i].size());
        samples.choose(batch);
        gradient.take(samples, {}, room.view());
        scales[i]->add(gradient);
        auto note = scales[i]->note();
        REQUIRE(note.has_value());
        note->about = runtime::PeerId{i};
        notes.push_back(std::make_shared<const gossip::Note>(*note));
      }
      for (auto& scale : scales) scale->hear(notes);
    }
    return scales[0]->report();
  };
  const Matrix gradients = noisy(200, 30, 0.3);
  const auto even = heard(std::vector<Matrix>(4, gradients));
  REQUIRE(even.size() == 3);
  CHECK(even[0].group == "all");
  CHECK(even[0].local == Approx(true_scale(gradients)).epsilon(0.2));
  CHECK(even[0].global == Approx(true_scale(gradients)).epsilon(0.2));
  Matrix turned = gradients;
  for (Numbers& gradient : turned)
    for (std::size_t k = 0; k < 15; ++k) gradient[k] -= 0.6;
  const auto uneven = heard({gradients, turned});
  CHECK(uneven[0].global > 1.5 * uneven[0].local);
}

TEST_CASE("advice names the range, and what is beyond it") {
  CHECK(peers::batch_advice({}).empty());
  CHECK(peers::batch_advice({.local = 640.0, .global = 812.0, .batch = 128.0}) ==
        "gradient noise scale 812 of all peers' samples, 640 of one's own; worth their number: 81 "
        "to 812 samples a step of all together, now 128: within it");
  CHECK_THAT(peers::batch_advice({.local = 50.0, .batch = 128.0}),
             Catch::Contains("5 to 50 samples") && Catch::Contains("smaller batches"));
  CHECK_THAT(peers::batch_advice({.local = 5000.0, .batch = 128.0}),
             Catch::Contains("would still pay in full"));
}

namespace {

peers::RunSummary simulated(const std::string& text) {
  auto simulation = peers::Simulation::create(test::accepted(text), nullptr);
  if (!simulation) FAIL(simulation.error().message);
  return (*simulation)->run(runtime::StopSignal(), [](std::uint64_t, std::uint64_t) {}).summary;
}

constexpr const char* kNetwork =
    "data = { set = \"glyphs\", limit = 800 }\nmodel.kind = \"logistic\"\n"
    "train = { batch = 8, epochs = 2, noise_every = 5 }\nsimulate.peers = 3\n";

}  // namespace

TEST_CASE("measuring changes nothing of a run, in step and out of step") {
  const std::string pace = GENERATE("sync", "async");
  const std::string text = std::string(kNetwork) + "gossip.pace = \"" + pace + "\"\n";
  const auto watched = simulated(text);
  std::string without = text;
  without.replace(without.find("noise_every = 5"), 15, "noise_every = 0");
  const auto plain = simulated(without);
  CHECK(peers::results_fingerprint(watched) == peers::results_fingerprint(plain));
  // Where nothing but noise is left of gradients, a scale is not known.
  double known = 0.0;
  for (const peers::PeerSummary& peer : watched.peers)
    known += peer.noise_local + peer.noise_global;
  CHECK(known > 1.0);
  CHECK(plain.peers[0].noise_local == 0.0);
}

TEST_CASE("batches grow at all peers alike, and a seed fixes every bit") {
  std::string grown = kNetwork;
  grown.replace(grown.find("noise_every = 5"), 15,
                "batch_policy = \"divebatch\", batch_max = 64, batch_growth = 1.0");
  grown += "gossip.pace = \"sync\"\n";
  const auto summary = simulated(grown);
  CHECK(summary.peers[0].batch > 8);
  CHECK(summary.peers[0].batch <= 64);
  for (const peers::PeerSummary& peer : summary.peers) {
    CHECK(peer.batch == summary.peers[0].batch);
    CHECK(peer.samples > 8 * peer.steps);
  }
  CHECK(peers::results_fingerprint(simulated(grown)) == peers::results_fingerprint(summary));
}

TEST_CASE(
    "out of step a run of epochs is over when it has seen their samples, however batches grew") {
  std::string grown = kNetwork;
  grown.replace(grown.find("noise_every = 5"), 15,
                "batch_policy = \"divebatch\", batch_max = 64, batch_growth = 1.0");
  const auto samples = [](const peers::RunSummary& summary) {
    std::uint64_t sum = 0;
    for (const peers::PeerSummary& peer : summary.peers) {
      CHECK(peer.batch > 8);
      sum += peer.samples;
    }
    return sum;
  };
  const auto summary = simulated(grown);
  // Two passes over 800 samples; each peer goes at most a batch beyond its third.
  CHECK(samples(summary) >= 1600 - 3 * 8);
  CHECK(samples(summary) <= 1600 + 3 * 64);
  for (const peers::PeerSummary& peer : summary.peers) CHECK(peer.steps < 2 * 800 / (3 * 8));
  // A run of steps takes them all.
  std::string steps = grown;
  steps.replace(steps.find("epochs = 2"), 10, "steps = 66");
  const auto longer = simulated(steps);
  for (const peers::PeerSummary& peer : longer.peers) CHECK(peer.steps == 66);
  CHECK(samples(longer) > 1600 + 3 * 64);
}

TEST_CASE("a learning rate that is meant for so many samples a step is in proportion with others") {
  // Three peers with batches of 8.
  const auto results = [](const std::string& more) {
    return peers::results_fingerprint(simulated(kNetwork + more));
  };
  const auto plain = results("policy.learning_rate = 0.1\n");
  CHECK(results("policy = { learning_rate = 0.05, learning_rate_batch = 12 }\n") == plain);
  CHECK(results("policy = { learning_rate = 0.1, learning_rate_batch = 24 }\n") == plain);
  CHECK(results("policy = { learning_rate = 0.1, learning_rate_batch = 12 }\n") != plain);
}

TEST_CASE("what a batch policy cannot go with is refused with the reason") {
  using test::refusal;
  CHECK_THAT(refusal("train.batch_max = 64"), Catch::Contains("needs train.batch_policy"));
  const std::string grows = "train.batch_policy = \"divebatch\"\n";
  CHECK(test::accepted(grows).train.batch_max == 512);
  CHECK_THAT(refusal("objective = { kind = \"quadratic\" }\npolicy.learning_rate_batch = 8"),
             Catch::Contains("counts samples"));
  CHECK_THAT(refusal(grows, {"train.batch=1"}), Catch::Contains("expected at least 2"));
  CHECK_THAT(refusal(grows, {"train.batch=600"}),
             Catch::Contains("expected at least train.batch = 600, got 512"));
  CHECK_THAT(refusal(grows, {"policy.preset=cocod-sgd"}), Catch::Contains("no such moment"));
  CHECK_THAT(refusal(grows, {"data.tasks=pixel-permutation"}), Catch::Contains("are several"));
}
