// Trains a network of the zoo on a few random batches and leaves behind what another program needs
// to do the same: what it started from, the batches, the losses, what it ended with.
//
//   loss_curve MODEL STEPS RATE SMOOTHING FOLDER
//
// FOLDER gets start.safetensors, end.safetensors, batches.bin (for each batch: samples as f32,
// channels last, then labels as i32) and losses.txt: first the sizes "BATCHES SAMPLES HEIGHT WIDTH
// CHANNELS LABELS", the last of one sample, then a loss for each step, then the mean loss of the
// first batch when scored.
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <string>
#include <vector>

#include "kernels/open_backend.h"
#include "models/checkpoint.h"
#include "models/network.h"
#include "models/zoo/zoo.h"
#include "runtime/check.h"
#include "runtime/random.h"

namespace {

constexpr std::size_t kBatches = 4;
constexpr std::size_t kSamples = 16;
constexpr double kMomentum = 0.9;

struct HostBatch {
  std::vector<float> samples;
  std::vector<std::int32_t> labels;

  [[nodiscard]] models::Batch view() const {
    return {.samples = std::span(samples), .labels = std::span(labels), .size = kSamples};
  }
};

// Tokens of which each decides the next but for chance.
std::vector<HostBatch> make_texts(const models::NetworkSpec& spec) {
  runtime::Random random(1);
  std::vector<std::size_t> next(spec.vocabulary);
  for (std::size_t& token : next) token = random.below(spec.vocabulary);
  std::vector<HostBatch> batches(kBatches);
  for (HostBatch& batch : batches) {
    std::size_t token = 0;
    for (std::size_t i = 0; i < kSamples * spec.targets.count; ++i) {
      batch.samples.push_back(static_cast<float>(token));
      token = random.below(4) == 0 ? random.below(spec.vocabulary) : next[token];
      batch.labels.push_back(static_cast<std::int32_t>(token));
    }
  }
  return batches;
}

// Each class has a pattern, each sample noise on top.
std::vector<HostBatch> make_images(const models::NetworkSpec& spec) {
  runtime::Random random(1);
  const std::size_t pixels = spec.input.count();
  std::vector<double> patterns(spec.classes * pixels);
  for (double& pixel : patterns) pixel = random.normal();
  std::vector<HostBatch> batches(kBatches);
  for (HostBatch& batch : batches) {
    for (std::size_t sample = 0; sample < kSamples; ++sample) {
      const std::size_t label = random.below(spec.classes);
      batch.labels.push_back(static_cast<std::int32_t>(label));
      for (std::size_t i = 0; i < pixels; ++i)
        batch.samples.push_back(
            static_cast<float>(patterns[label * pixels + i] + 0.5 * random.normal()));
    }
  }
  return batches;
}

void write_batches(const std::filesystem::path& path, const std::vector<HostBatch>& batches) {
  std::ofstream file(path, std::ios::binary);
  const auto write = [&file](const auto& numbers) {
    file.write(reinterpret_cast<const char*>(numbers.data()),
               static_cast<std::streamsize>(numbers.size() * sizeof numbers[0]));
  };
  for (const HostBatch& batch : batches) {
    write(batch.samples);
    write(batch.labels);
  }
}

template <typename Number>
Number number_of(std::string_view text) {
  Number number{};
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  CHECK(problem == std::errc{} && end == text.data() + text.size());
  return number;
}

struct Task {
  std::string_view model;
  std::size_t steps;
  double rate;
  double smoothing;
  std::filesystem::path folder;
};

void train(const Task& task) {
  auto backend = kernels::open_backend({.device = "cpu"});
  CHECK(backend.ok());
  models::NetworkSpec spec = models::usual_spec(task.model);
  spec.targets.label_smoothing = task.smoothing;
  auto network = models::Network::create(spec, *backend->backend, kSamples);
  CHECK(network.ok());
  const auto batches = spec.vocabulary > 0 ? make_texts(spec) : make_images(spec);
  write_batches(task.folder / "batches.bin", batches);
  std::vector<float> x((*network)->parameter_count());
  (*network)->initialise(1, x);
  CHECK(models::write_checkpoint(task.folder / "start.safetensors", (*network)->tensors(), x, {})
            .ok());

  std::ofstream losses(task.folder / "losses.txt");
  losses << std::setprecision(9) << kBatches << ' ' << kSamples << ' ' << spec.input.height << ' '
         << spec.input.width << ' ' << spec.input.channels << ' ' << spec.targets.count << '\n';
  std::vector<float> delta(x.size());
  std::vector<float> momentum(x.size());
  for (std::size_t step = 0; step < task.steps; ++step) {
    const models::Batch batch = batches[step % kBatches].view();
    losses << (*network)->loss_and_gradient(std::span<const float>(x), batch, std::span(delta))
           << '\n';
    for (std::size_t i = 0; i < x.size(); ++i) {
      momentum[i] = static_cast<float>(kMomentum) * momentum[i] + delta[i];
      delta[i] = -static_cast<float>(task.rate) * momentum[i];
    }
    (*network)->move_statistics(std::span<const float>(x), std::span(delta));
    for (std::size_t i = 0; i < x.size(); ++i) x[i] += delta[i];
  }
  const auto score = (*network)->score(std::span<const float>(x), batches[0].view());
  losses << score.loss_sum / static_cast<double>(score.count) << '\n';
  CHECK(
      models::write_checkpoint(task.folder / "end.safetensors", (*network)->tensors(), x, {}).ok());
}

}  // namespace

int main(int count, char** words) {
  if (count != 6) {
    std::fputs("usage: loss_curve MODEL STEPS RATE SMOOTHING FOLDER\n", stderr);
    return 2;
  }
  train({words[1], number_of<std::size_t>(words[2]), number_of<double>(words[3]),
         number_of<double>(words[4]), words[5]});
  return 0;
}
