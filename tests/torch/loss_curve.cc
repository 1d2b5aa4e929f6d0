// Trains a network of the zoo on a few random batches and leaves behind what another program needs
// to do the same: what it started from, the batches, the losses, what it ended with.
//
//   loss_curve MODEL STEPS RATE FOLDER
//
// FOLDER gets start.safetensors, end.safetensors, batches.bin (for each batch: samples as f32,
// channels last, then labels as i32) and losses.txt: first the sizes "BATCHES SAMPLES HEIGHT WIDTH
// CHANNELS", then a loss for each step, then the mean loss of the first batch when scored.
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
constexpr std::size_t kClasses = 10;
constexpr double kMomentum = 0.9;

struct HostBatch {
  std::vector<float> samples;
  std::vector<std::int32_t> labels;

  [[nodiscard]] models::Batch view() const {
    return {.samples = std::span(samples), .labels = std::span(labels), .size = labels.size()};
  }
};

// Each class has a pattern, each sample noise on top.
std::vector<HostBatch> make_batches(const models::ImageShape& shape) {
  runtime::Random random(1);
  const std::size_t pixels = shape.count();
  std::vector<double> patterns(kClasses * pixels);
  for (double& pixel : patterns) pixel = random.normal();
  std::vector<HostBatch> batches(kBatches);
  for (HostBatch& batch : batches) {
    for (std::size_t sample = 0; sample < kSamples; ++sample) {
      const std::size_t label = random.below(kClasses);
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
  std::filesystem::path folder;
};

void train(const Task& task) {
  auto backend = kernels::open_backend({.device = "cpu"});
  CHECK(backend.ok());
  const models::ImageShape shape = models::usual_input(task.model);
  auto network = models::Network::create(
      {.kind = std::string(task.model), .input = shape, .classes = kClasses}, *backend->backend,
      kSamples);
  CHECK(network.ok());
  const auto batches = make_batches(shape);
  write_batches(task.folder / "batches.bin", batches);
  std::vector<float> x((*network)->parameter_count());
  (*network)->initialise(1, x);
  CHECK(models::write_checkpoint(task.folder / "start.safetensors", (*network)->tensors(), x, {})
            .ok());

  std::ofstream losses(task.folder / "losses.txt");
  losses << std::setprecision(9) << kBatches << ' ' << kSamples << ' ' << shape.height << ' '
         << shape.width << ' ' << shape.channels << '\n';
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
  if (count != 5) {
    std::fputs("usage: loss_curve MODEL STEPS RATE FOLDER\n", stderr);
    return 2;
  }
  train({words[1], number_of<std::size_t>(words[2]), number_of<double>(words[3]), words[4]});
  return 0;
}
