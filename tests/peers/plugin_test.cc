// An optimizer from a shared library: what it is given, what is made of it, and what is refused.
#include "peers/policies/plugin.h"

#include <cmath>
#include <string>
#include <vector>

#include "kernels/open_backend.h"
#include "tests/support/config_texts.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

namespace {

// f = 1/2 |z - 1|^2
class Bowl final : public peers::GradientSource {
 public:
  double gradient_at(kernels::ConstView estimate, kernels::View gradient) override {
    double loss = 0.0;
    for (std::size_t i = 0; i < estimate.count(); ++i) {
      const float distance = estimate.as<float>()[i] - 1.0F;
      gradient.as<float>()[i] = distance;
      loss += 0.5 * static_cast<double>(distance) * static_cast<double>(distance);
    }
    return loss;
  }
};

struct Bench {
  std::unique_ptr<kernels::Backend> backend =
      std::move(kernels::open_backend({.device = "cpu", .threads = 1}).value().backend);
  peers::VectorSpace space{backend.get(), 3, kernels::Scalar::kF32};

  [[nodiscard]] auto open(const std::string& file) const {
    return peers::Plugin::open(file, {.momentum = 0.5, .weight_decay = 0.0}, space);
  }
  [[nodiscard]] std::string refusal(const std::string& file) const {
    const auto made = open(file);
    return made ? "" : made.error().message;
  }
};

std::string module(const std::string& kind) {
  return std::string(MURMUR_PLUGINS) + "/lib" + kind + ".so";
}

}  // namespace

TEST_CASE("the example steps by the sign of momentum, which it keeps in the peer's memory") {
  const Bench bench;
  const auto first = bench.open(module("signum"));
  const auto second = bench.open(module("signum"));
  REQUIRE(first.ok());
  REQUIRE(second.ok());
  Bowl bowl;
  std::vector<float> delta(3);
  const auto step = [&](peers::Optimizer& optimizer, const std::vector<float>& z) {
    static_cast<void>(optimizer.delta_at(bowl, std::span<const float>(z), 0.25, std::span(delta)));
    return delta;
  };
  CHECK(first.value()->delta_at(bowl, std::span<const float>(std::vector<float>{3, 1, 0}), 0.25,
                                std::span(delta)) == 2.5);
  CHECK(delta == std::vector<float>{-0.25F, 0.0F, 0.25F});
  // m = (1, 0, -0.5) is halved, and half the gradient is added: (-0.25, 0, 0.25)
  CHECK(step(**first, {-0.5F, 1, 2}) == std::vector<float>{0.25F, 0.0F, -0.25F});
  CHECK(step(**first, {1.1F, 1, 0.9F}) == std::vector<float>{0.25F, 0.0F, -0.25F});
  // The other one has seen nothing of it.
  CHECK(step(**second, {1.1F, 1, 0.9F}) == std::vector<float>{-0.25F, 0.0F, 0.25F});
}

TEST_CASE("a library that is missing, foreign, of another version or greedy is refused by name") {
  const Bench bench;
  CHECK_THAT(bench.refusal("/nowhere/libmine.so"),
             Catch::StartsWith("cannot be loaded: /nowhere/libmine.so"));
  CHECK_THAT(bench.refusal(std::string(MURMUR_SOURCE_DIR) + "/README.md"),
             Catch::StartsWith("cannot be loaded: ") && Catch::Contains("README.md"));
  CHECK_THAT(bench.refusal(module("foreign")),
             Catch::Contains("libforeign.so has no murmur_plugin_entry"));
  CHECK_THAT(bench.refusal(module("wrong_abi")),
             Catch::Contains("was built for version 2 of the interface, expected 1"));
  CHECK_THAT(bench.refusal(module("greedy")),
             Catch::Contains("asks for 1000 vectors, expected at most 8"));
}

TEST_CASE("parameters of another type are refused") {
  Bench bench;
  bench.space.scalar = kernels::Scalar::kF64;
  CHECK_THAT(bench.refusal(module("signum")), Catch::Contains("got cpu in f64"));
}

TEST_CASE("a config that names no file, or a correction that has to know the step, is refused") {
  CHECK_THAT(test::refusal("policy.plugin = \"libmine.so\""),
             Catch::Contains("policy.plugin: no such file: \"libmine.so\""));
  CHECK_THAT(test::refusal("[policy]\npreset = \"vrl-sgd\"\nplugin = \"" + module("signum") + "\""),
             Catch::Contains("\"vrl\" divides what a mix moved by the learning rates"));
}
