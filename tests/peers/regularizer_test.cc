// What is added to the loss, and what reaches the optimizer of it.
#include <cmath>
#include <string>
#include <vector>

#include "kernels/open_backend.h"
#include "peers/config_names.h"
#include "peers/policies/regularizer.h"
#include "peers/policies/shaped_gradient.h"
#include "peers/policies/spectral.h"
#include "peers/policies/stage_anchor.h"
#include "peers/policies/wasserstein.h"
#include "peers/quadratic.h"
#include "tests/support/catch.h"

namespace {

using Numbers = std::vector<double>;

struct Bench {
  explicit Bench(const std::string& device = "cpu")
      : backend(std::move(kernels::open_backend({device, 1})->backend)) {}

  std::unique_ptr<kernels::Backend> backend;
  // Its gradient at z is z itself.
  peers::Quadratic objective{{.center = {0.0, 0.0},
                              .curvature = {1.0, 1.0},
                              .start = {3.0, -1.0},
                              .scalar = kernels::Scalar::kF64},
                             runtime::Random(1),
                             *backend};

  [[nodiscard]] kernels::Buffer buffer_of(const Numbers& numbers) const {
    kernels::Buffer buffer = backend->allocate(numbers.size(), kernels::Scalar::kF64);
    backend->upload(std::span<const double>(numbers), buffer.view());
    return buffer;
  }
  Numbers added_at(peers::Regularizer& regularizer, const Numbers& z) const {
    kernels::Buffer gradient = buffer_of(Numbers(z.size(), 0.0));
    regularizer.add_to(buffer_of(z).view(), gradient.view());
    return numbers(gradient.view());
  }
  [[nodiscard]] Numbers numbers(kernels::ConstView view) const {
    Numbers host(view.count());
    backend->download(view, std::span(host));
    return host;
  }
  [[nodiscard]] std::unique_ptr<peers::Regularizer> make(
      const peers::RegularizerOptions& options) const {
    auto made = peers::make_regularizer(options, objective, *backend);
    REQUIRE(made.ok());
    return std::move(made).value();
  }
};

// An objective whose second number is a running statistic.
class Half final : public peers::Objective {
 public:
  explicit Half(peers::Quadratic& whole) : whole_(&whole) {}
  [[nodiscard]] std::size_t parameter_count() const override { return 2; }
  [[nodiscard]] kernels::Scalar scalar() const override { return kernels::Scalar::kF64; }
  [[nodiscard]] std::size_t batch_samples() const override { return 1; }
  void write_start(kernels::View host) const override { whole_->write_start(host); }
  void next_batch() override {}
  double gradient_at(kernels::ConstView estimate, kernels::View gradient) override {
    return whole_->gradient_at(estimate, gradient);
  }
  [[nodiscard]] std::size_t statistic_count() const override { return 1; }
  [[nodiscard]] std::optional<peers::Quality> evaluate(kernels::ConstView /*z*/) override {
    return {};
  }

 private:
  peers::Quadratic* whole_;
};

}  // namespace

TEST_CASE("no regularizer is none at all") { CHECK(Bench().make({.name = "none"}) == nullptr); }

TEST_CASE("l2-init pulls to the start of the run, and is at rest there") {
  const Bench bench;
  const auto l2 = bench.make({.name = "l2-init", .strength = 0.5});
  CHECK(bench.added_at(*l2, {3.0, -1.0}) == Numbers{0.0, 0.0});
  CHECK(bench.added_at(*l2, {5.0, 1.0}) == Numbers{2.0, 2.0});
}

TEST_CASE("a stage's anchor stays where the stage began, until the next begins") {
  const Bench bench;
  peers::StageAnchor anchor({bench.backend.get(), 2, kernels::Scalar::kF64});
  const auto begin = [&](std::uint64_t stage, const Numbers& z) {
    anchor.begin_step({.learning_rate = 0.1, .push = true, .stage = stage, .stage_pull = 0.5},
                      bench.buffer_of(z).view());
  };
  begin(0, {1.0, 1.0});
  CHECK(bench.added_at(anchor, {1.0, 1.0}) == Numbers{0.0, 0.0});
  begin(0, {3.0, 5.0});
  CHECK(bench.added_at(anchor, {3.0, 5.0}) == Numbers{1.0, 2.0});
  begin(1, {3.0, 5.0});
  CHECK(bench.added_at(anchor, {3.0, 5.0}) == Numbers{0.0, 0.0});
}

TEST_CASE("an optimizer gets the sum of what all ask for, and nothing for running statistics") {
  Bench bench;
  const auto l2 = bench.make({.name = "l2-init", .strength = 0.5});
  kernels::Buffer gradient = bench.buffer_of({0.0, 0.0});
  const kernels::Buffer z = bench.buffer_of({5.0, 1.0});
  peers::ShapedGradient plain(
      {&bench.objective, {l2.get(), l2.get()}, nullptr, bench.backend.get()});
  CHECK(plain.gradient_at(z.view(), gradient.view()) == 13.0);  // of the data alone
  CHECK(bench.numbers(gradient.view()) == Numbers{9.0, 5.0});
  Half half(bench.objective);
  peers::ShapedGradient shaped({&half, {l2.get()}, nullptr, bench.backend.get()});
  CHECK(shaped.gradient_at(z.view(), gradient.view()) == 13.0);
  CHECK(bench.numbers(gradient.view()) == Numbers{7.0, 0.0});
}

TEST_CASE("the wasserstein term does not ask which weight is where, only what weights there are") {
  const Bench bench;
  const auto wasserstein = bench.make({.name = "wasserstein", .strength = 0.5});
  CHECK(bench.added_at(*wasserstein, {3.0, -1.0}) == Numbers{0.0, 0.0});
  CHECK(bench.added_at(*wasserstein, {-1.0, 3.0}) == Numbers{0.0, 0.0});
  CHECK(bench.added_at(*wasserstein, {5.0, 4.0}) == Numbers{2.0, 5.0});  // 4 with -1, 5 with 3
}

TEST_CASE("the wasserstein term is of each tensor by itself") {
  const Bench bench;
  const std::vector<models::ParameterTensor> tensors = {
      {.name = "a", .shape = {1}, .offset = 0, .count = 1, .storage = {}},
      {.name = "b", .shape = {1}, .offset = 1, .count = 1, .storage = {}}};
  const Numbers start{3.0, -1.0, 50.0};  // the last is a statistic
  peers::Wasserstein apart(0.5, std::span<const double>(start), tensors, *bench.backend);
  CHECK(bench.added_at(apart, {-1.0, 3.0, 7.0}) == Numbers{-4.0, 4.0, 0.0});
}

namespace {

// A dense layer of two by two with a bias, and a normalisation.
std::vector<models::ParameterTensor> small_network() {
  return {{.name = "0.weight", .shape = {2, 2}, .offset = 0, .count = 4, .storage = {}},
          {.name = "0.bias", .shape = {2}, .offset = 4, .count = 2, .storage = {}},
          {.name = "1.weight", .shape = {2}, .offset = 6, .count = 2, .storage = {}},
          {.name = "1.bias", .shape = {2}, .offset = 8, .count = 2, .storage = {}}};
}

// What the regularizer descends, by the largest root of det(W W^T - s I).
double spectral_term(const Numbers& z) {
  const double a = z[0] * z[0] + z[1] * z[1];
  const double b = z[0] * z[2] + z[1] * z[3];
  const double d = z[2] * z[2] + z[3] * z[3];
  const double sigma_squared = 0.5 * (a + d + std::sqrt((a - d) * (a - d) + 4.0 * b * b));
  const double bias_squared = z[4] * z[4] + z[5] * z[5];
  double sum = std::pow(sigma_squared - 1.0, 2) + std::pow(bias_squared, 2);
  for (const std::size_t k : {6U, 7U}) sum += std::pow(z[k] * z[k] - 1.0, 2);
  for (const std::size_t k : {8U, 9U}) sum += std::pow(z[k], 4);
  return sum;
}

}  // namespace

TEST_CASE("the spectral term of the published example is 89, and its gradient as on paper") {
  // W = diag(3, 1), b = (1, 2)
  const Numbers z{3.0, 0.0, 0.0, 1.0, 1.0, 2.0, 1.0, 1.0, 0.0, 0.0};
  CHECK(spectral_term(z) == 89.0);
  const Bench bench("reference");
  peers::Spectral spectral(1.0, small_network(), kernels::Scalar::kF64, *bench.backend);
  const Numbers added = bench.added_at(spectral, z);
  const Numbers expected{96.0, 0.0, 0.0, 0.0, 20.0, 40.0, 0.0, 0.0, 0.0, 0.0};
  for (std::size_t k = 0; k < z.size(); ++k) CHECK(added[k] == Approx(expected[k]).margin(1e-6));
}

TEST_CASE("the spectral gradient is that of finite differences") {
  const Bench bench("reference");
  runtime::Random random(3);
  Numbers z(10);
  for (double& number : z) number = random.uniform(-1.5, 1.5);
  peers::Spectral spectral(0.1, small_network(), kernels::Scalar::kF64, *bench.backend);
  Numbers added;
  for (int step = 0; step < 100; ++step) added = bench.added_at(spectral, z);  // u, v have settled
  for (std::size_t k = 0; k < z.size(); ++k) {
    CAPTURE(k);
    Numbers up = z;
    Numbers down = z;
    up[k] += 1e-5;
    down[k] -= 1e-5;
    const double slope = (spectral_term(up) - spectral_term(down)) / 2e-5;
    CHECK(added[k] == Approx(0.1 * slope).margin(1e-7));
  }
}

TEST_CASE("descending the spectral term brings the largest singular value to one, and no other") {
  const Bench bench;
  const std::vector<models::ParameterTensor> tensors = {small_network().front()};
  peers::Spectral spectral(1.0, tensors, kernels::Scalar::kF32, *bench.backend);
  std::vector<float> z{3.0F, 0.0F, 0.0F, 0.5F};
  kernels::Buffer weight = bench.backend->allocate(4, kernels::Scalar::kF32);
  kernels::Buffer gradient = bench.backend->allocate(4, kernels::Scalar::kF32);
  bench.backend->upload(std::span<const float>(z), weight.view());
  for (int step = 0; step < 500; ++step) {
    bench.backend->fill(0.0, gradient.view());
    spectral.add_to(weight.view(), gradient.view());
    bench.backend->axpy(-0.01, gradient.view(), weight.view());
  }
  bench.backend->download(weight.view(), std::span(z));
  CHECK(z[0] == Approx(1.0F).epsilon(1e-3));
  CHECK(z[3] == Approx(0.5F).epsilon(1e-3));
}

TEST_CASE("weights of zeros have no direction, and get no gradient") {
  const Bench bench("reference");
  peers::Spectral spectral(1.0, small_network(), kernels::Scalar::kF64, *bench.backend);
  CHECK(bench.added_at(spectral, Numbers(10, 0.0)) == Numbers(10, 0.0));
}

TEST_CASE("a spectral term needs layers") {
  const Bench bench;
  const auto made = peers::make_regularizer({.name = "spectral"}, bench.objective, *bench.backend);
  REQUIRE_FALSE(made.ok());
  CHECK(made.error().message == "regularizer 'spectral': there are no layers");
}

TEST_CASE("a regularizer that is not there is refused with those that are") {
  const Bench bench;
  const auto made = peers::make_regularizer({.name = "l2"}, bench.objective, *bench.backend);
  REQUIRE_FALSE(made.ok());
  CHECK_THAT(made.error().message, Catch::StartsWith("unknown regularizer 'l2'; there are none, "));
}

TEST_CASE("the regularizers that a config takes are those that are built") {
  std::vector<std::string_view> taken;
  for (const peers::Choice& choice : peers::choices_of("policy.regularizer"))
    taken.push_back(choice.name);
  CHECK(taken == peers::regularizer_names());
}
