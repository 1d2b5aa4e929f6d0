// libtorch as the peer of `murmur bench train`: the same networks, the same full step (forward,
// cross-entropy, backward, SGD with momentum 0.9) on one batch that stays in memory.
//
//   libtorch_train --model lenet5 --batch 64 --threads 1
//   libtorch_train --model resnet20 --batch 32 --threads 1 [--channels-last]

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
  bool channels_last = false;
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

nn::Conv2d conv(int in, int out, int kernel, int stride) {
  return nn::Conv2d(
      nn::Conv2dOptions(in, out, kernel).stride(stride).padding(kernel / 2).bias(false));
}

// Two convolutions beside a short cut, which is a convolution of its own where the sizes change.
class BasicBlockImpl : public nn::Module {
 public:
  BasicBlockImpl(int in, int out, int stride)
      : first_(register_module("conv1", conv(in, out, 3, stride))),
        first_norm_(register_module("bn1", nn::BatchNorm2d(out))),
        second_(register_module("conv2", conv(out, out, 3, 1))),
        second_norm_(register_module("bn2", nn::BatchNorm2d(out))),
        short_cut_(register_module("shortcut", nn::Sequential())) {
    if (in == out) return;
    short_cut_->push_back(conv(in, out, 1, stride));
    short_cut_->push_back(nn::BatchNorm2d(out));
  }

  torch::Tensor forward(const torch::Tensor& x) {
    const torch::Tensor beside = short_cut_->is_empty() ? x : short_cut_->forward(x);
    torch::Tensor out = first_norm_(first_(x));
    out = second_norm_(second_(out.relu_()));
    return out.add_(beside).relu_();
  }

 private:
  nn::Conv2d first_;
  nn::BatchNorm2d first_norm_;
  nn::Conv2d second_;
  nn::BatchNorm2d second_norm_;
  nn::Sequential short_cut_;
};
TORCH_MODULE(BasicBlock);

// PyTorch's usual one for images of 32 x 32 x 3.
nn::Sequential resnet20() {
  nn::Sequential net(conv(3, 16, 3, 1), nn::BatchNorm2d(16),
                     nn::ReLU(nn::ReLUOptions().inplace(true)));
  int in = 16;
  for (const int out : {16, 32, 64})
    for (int block = 0; block < 3; ++block, in = out)
      net->push_back(BasicBlock(in, out, in == out ? 1 : 2));
  net->push_back(nn::AdaptiveAvgPool2d(nn::AdaptiveAvgPool2dOptions(1)));
  net->push_back(nn::Flatten());
  net->push_back(nn::Linear(64, 10));
  return net;
}

nn::Sequential net_of(const std::string& model) {
  if (model == "mlp") return mlp();
  return model == "lenet5" ? lenet5() : resnet20();
}

torch::Tensor images_of(const Options& options) {
  const bool colour = options.model == "resnet20";
  const int size = colour ? 32 : 28;
  return torch::rand({options.batch, colour ? 3 : 1, size, size}) * 2 - 1;
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
        net_(net_of(options.model)),
        optimizer_(net_->parameters(), torch::optim::SGDOptions(1e-4).momentum(0.9)),
        images_(images_of(options)),
        labels_(torch::randint(10, {options.batch}, torch::kLong)) {
    if (!options.channels_last) return;
    images_ = images_.contiguous(at::MemoryFormat::ChannelsLast);
    for (torch::Tensor& parameter : net_->parameters())
      if (parameter.dim() == 4)
        parameter.set_data(parameter.contiguous(at::MemoryFormat::ChannelsLast));
  }

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
  app.add_option("--model", options.model)->check(CLI::IsMember({"mlp", "lenet5", "resnet20"}));
  app.add_option("--batch", options.batch)->check(CLI::PositiveNumber);
  app.add_option("--threads", options.threads)->check(CLI::PositiveNumber);
  app.add_flag("--channels-last", options.channels_last);
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
