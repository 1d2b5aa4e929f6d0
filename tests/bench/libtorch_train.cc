// libtorch as the peer of `murmur bench train`: the same networks, the same full step (forward,
// cross-entropy, backward, SGD with momentum 0.9) on one batch that stays in memory.
//
//   libtorch_train --model lenet5 --batch 64 --threads 1

#include <dlfcn.h>
#include <torch/torch.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "tests/bench/spread.h"

namespace {

namespace nn = torch::nn;

struct Options {
  std::string model = "lenet5";
  int batch = 64;
  int threads = 1;
  int windows = 9;
  double seconds = 0.5;  // of one window, at least
};

nn::Sequential mlp() {
  return nn::Sequential(nn::Flatten(), nn::Linear(784, 512), nn::ReLU(), nn::Linear(512, 256),
                        nn::ReLU(), nn::Linear(256, 10));
}

nn::Sequential lenet5() {
  return nn::Sequential(nn::Conv2d(nn::Conv2dOptions(1, 6, 5).padding(2)), nn::ReLU(),
                        nn::MaxPool2d(2), nn::Conv2d(nn::Conv2dOptions(6, 16, 5)), nn::ReLU(),
                        nn::MaxPool2d(2), nn::Flatten(), nn::Linear(400, 120), nn::ReLU(),
                        nn::Linear(120, 84), nn::ReLU(), nn::Linear(84, 10));
}

// libtorch's own setting does not reach OpenBLAS, which counts its threads itself. False when
// libtorch runs on the reference BLAS: nothing to compare with.
bool set_threads(int threads) {
  at::set_num_threads(threads);
  using SetThreads = void (*)(int);
  const auto set_openblas_threads =
      reinterpret_cast<SetThreads>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads"));
  if (set_openblas_threads == nullptr) return false;
  set_openblas_threads(threads);
  return true;
}

class Trainer {
 public:
  explicit Trainer(const Options& options)
      : batch_(options.batch),
        net_(options.model == "mlp" ? mlp() : lenet5()),
        optimizer_(net_->parameters(), torch::optim::SGDOptions(1e-4).momentum(0.9)),
        images_(torch::rand({options.batch, 1, 28, 28}) * 2 - 1),
        labels_(torch::randint(10, {options.batch}, torch::kLong)) {}

  void step() {
    optimizer_.zero_grad();
    nn::functional::cross_entropy(net_->forward(images_), labels_).backward();
    optimizer_.step();
  }

  double samples_per_second(double seconds) {
    using Clock = std::chrono::steady_clock;
    const auto start = Clock::now();
    double samples = 0;
    double elapsed = 0;
    while (elapsed < seconds) {
      step();
      samples += batch_;
      elapsed = std::chrono::duration<double>(Clock::now() - start).count();
    }
    return samples / elapsed;
  }

 private:
  int batch_;
  nn::Sequential net_;
  torch::optim::SGD optimizer_;
  torch::Tensor images_;
  torch::Tensor labels_;
};

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("libtorch's training speed");
  app.add_option("--model", options.model)->check(CLI::IsMember({"mlp", "lenet5"}));
  app.add_option("--batch", options.batch)->check(CLI::PositiveNumber);
  app.add_option("--threads", options.threads)->check(CLI::PositiveNumber);
  app.add_option("--windows", options.windows)->check(CLI::PositiveNumber);
  app.add_option("--seconds", options.seconds, "of one window")->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);
  if (!set_threads(options.threads)) {
    std::fputs("libtorch runs on the reference BLAS here; install libopenblas0-pthread\n", stderr);
    return 1;
  }

  torch::manual_seed(1);
  Trainer trainer(options);
  (void)trainer.samples_per_second(options.seconds);  // caches fill, lazy set-up is done
  std::vector<double> windows;
  for (int i = 0; i < options.windows; ++i) {
    windows.push_back(trainer.samples_per_second(options.seconds));
  }
  std::printf("{\"program\": \"libtorch %s\", \"model\": \"%s\", \"batch\": %d, \"threads\": %d, ",
              TORCH_VERSION, options.model.c_str(), options.batch, options.threads);
  bench::print_spread("samples_per_second", windows);
  std::puts("}");
  return 0;
}
