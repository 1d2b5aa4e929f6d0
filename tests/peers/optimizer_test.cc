// What each optimizer makes of a gradient: the published vectors, and the laws between them.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "kernels/open_backend.h"
#include "peers/config_names.h"
#include "peers/policies/optimizer.h"
#include "peers/quadratic.h"
#include "tests/support/catch.h"

namespace {

using Numbers = std::vector<double>;
using Curve = std::vector<Numbers>;

// The lab: f(z) = factor / 2 sum_k h_k (z_k - c_k)^2, and an account of where it was asked about.
class Hill final : public peers::GradientSource {
 public:
  explicit Hill(Numbers start, Numbers curvature, Numbers center = {}, double noise = 0.0)
      : space_{backend_.get(), start.size(), kernels::Scalar::kF64},
        objective_({.center = center.empty() ? Numbers(start.size(), 0.0) : std::move(center),
                    .curvature = std::move(curvature),
                    .start = start,
                    .noise = noise,
                    .scalar = kernels::Scalar::kF64},
                   runtime::Random(5), *backend_),
        z_(backend_->allocate(start.size(), kernels::Scalar::kF64)),
        delta_(backend_->allocate(start.size(), kernels::Scalar::kF64)) {
    backend_->upload(std::span<const double>(start), z_.view());
  }

  double gradient_at(kernels::ConstView estimate, kernels::View gradient) override {
    asked.push_back(numbers(estimate));
    const double loss = objective_.gradient_at(estimate, gradient);
    backend_->scale(factor, gradient);
    return loss;
  }

  [[nodiscard]] std::unique_ptr<peers::Optimizer> make(const peers::OptimizerOptions& options) {
    auto made = peers::make_optimizer(options, space_);
    REQUIRE(made.ok());
    return std::move(made).value();
  }

  // One step from here; returns where it leads.
  Numbers step(peers::Optimizer& optimizer, double learning_rate) {
    objective_.next_batch();
    const double here = objective_.loss_at(z_.view());
    CHECK(optimizer.delta_at(*this, z_.view(), learning_rate, delta_.view()) == Approx(here));
    backend_->axpy(1.0, delta_.view(), z_.view());
    return z();
  }
  // The same, of one piece after the other and each added as it is made, the last one first.
  Numbers step_in_pieces(peers::Optimizer& optimizer, double learning_rate, std::size_t size) {
    objective_.next_batch();
    optimizer.begin(*this, z_.view(), learning_rate, delta_.view());
    for (std::size_t end = z_.count(); end > 0; end -= std::min(size, end)) {
      const std::size_t first = end - std::min(size, end);
      const kernels::View delta = delta_.view().slice(first, end - first);
      const kernels::View z = z_.view().slice(first, end - first);
      optimizer.finish(first, z, learning_rate, delta);
      backend_->axpy(1.0, delta, z);
    }
    return z();
  }
  Curve steps(const peers::OptimizerOptions& options, double learning_rate, int count) {
    const auto optimizer = make(options);
    Curve curve;
    for (int i = 0; i < count; ++i) curve.push_back(step(*optimizer, learning_rate));
    return curve;
  }

  [[nodiscard]] Numbers z() const { return numbers(z_.view()); }
  [[nodiscard]] Numbers numbers(kernels::ConstView view) const {
    Numbers host(view.count());
    backend_->download(view, std::span(host));
    return host;
  }

  double factor = 1.0;
  Curve asked;

 private:
  std::unique_ptr<kernels::Backend> backend_ =
      std::move(kernels::open_backend({"cpu", 1})->backend);
  peers::VectorSpace space_;
  peers::Quadratic objective_;
  kernels::Buffer z_;
  kernels::Buffer delta_;
};

Hill two_slopes() { return Hill({1.0, 2.0}, {2.0, 0.5}); }

double norm(const Numbers& numbers) {
  double sum = 0.0;
  for (const double value : numbers) sum += value * value;
  return std::sqrt(sum);
}

void check_near(const Numbers& got, const Numbers& expected, double margin) {
  REQUIRE(got.size() == expected.size());
  for (std::size_t k = 0; k < got.size(); ++k) CHECK(got[k] == Approx(expected[k]).margin(margin));
}

constexpr double kPrinted = 6e-9;  // the vectors were printed with eight digits

}  // namespace

TEST_CASE("Nesterov's momentum looks one step ahead, and without momentum is sgd") {
  // f = (x - 1)^2 / 2
  const Curve curve = Hill({0.0}, {1.0}, {1.0})
                          .steps({.name = "momentum", .momentum = 0.9, .nesterov = true}, 0.1, 2);
  CHECK(curve[0][0] == Approx(0.19).epsilon(1e-14));
  CHECK(curve[1][0] == Approx(0.4249).epsilon(1e-14));
  CHECK(two_slopes().steps({.name = "momentum", .momentum = 0.0, .nesterov = true}, 0.1, 5) ==
        two_slopes().steps({.name = "sgd"}, 0.1, 5));
}

TEST_CASE("sam asks uphill and steps from where it stands") {
  Hill hill = two_slopes();
  const Curve curve = hill.steps({.name = "sam", .momentum = 0.0, .rho = 0.1}, 0.1, 1);
  REQUIRE(hill.asked.size() == 2);
  CHECK(hill.asked[0] == Numbers{1.0, 2.0});
  check_near(hill.asked[1], {1.08944272, 2.04472136}, kPrinted);
  check_near(curve[0], {0.78211146, 1.89776393}, kPrinted);
}

TEST_CASE("sam that does not climb is its base, on a noisy batch too") {
  const bool nesterov = GENERATE(false, true);
  const double momentum = GENERATE(0.0, 0.9);
  const auto curve = [&](const std::string& name) {
    return Hill({1.0, 2.0}, {2.0, 0.5}, {}, 0.3)
        .steps({.name = name,
                .momentum = momentum,
                .weight_decay = 0.1,
                .nesterov = nesterov,
                .rho = 0.0},
               0.1, 20);
  };
  CHECK(curve("sam") == curve("momentum"));
}

TEST_CASE("sam at the bottom stays there") {
  CHECK(Hill({0.0}, {1.0}).steps({.name = "sam", .rho = 0.1}, 0.1, 1)[0] == Numbers{0.0});
}

TEST_CASE("LightSAM takes the steps of its three updates") {
  struct Case {
    std::string name;
    Curve uphill;
    Curve after;
  };
  const auto expected = GENERATE(Case{"lightsam-norm",
                                      {{1.08944272, 2.04472136}, {0.96922328, 1.98967505}},
                                      {{0.90947021, 1.95752227}, {0.84976219, 1.92687929}}},
                                 Case{"lightsam-adagrad",
                                      {{1.1, 2.1}, {0.96689647, 1.96887495}},
                                      {{0.9, 1.9}, {0.83397969, 1.83160358}}},
                                 Case{"lightsam-adam",
                                      {{1.31622777, 2.31622777}, {1.0973385, 2.10527923}},
                                      {{0.68377223, 1.68377223}, {0.26255116, 1.26035168}}});
  CAPTURE(expected.name);
  Hill hill = two_slopes();
  const Curve curve = hill.steps({.name = expected.name, .rho = 0.1}, 0.1, 2);
  REQUIRE(hill.asked.size() == 4);
  for (std::size_t i = 0; i < 2; ++i) {
    check_near(hill.asked[2 * i + 1], expected.uphill[i], 1e-7);
    check_near(curve[i], expected.after[i], 1e-7);
  }
}

TEST_CASE("a loss a thousand times as large does not change LightSAM's way") {
  const auto name =
      GENERATE(as<std::string>{}, "lightsam-norm", "lightsam-adagrad", "lightsam-adam");
  CAPTURE(name);
  Hill small = two_slopes();
  Hill large = two_slopes();
  large.factor = 1000.0;
  const peers::OptimizerOptions options{.name = name, .epsilon = 1e-12, .rho = 0.1};
  const Curve a = small.steps(options, 0.1, 20);
  const Curve b = large.steps(options, 0.1, 20);
  for (std::size_t i = 0; i < a.size(); ++i) check_near(a[i], b[i], 1e-10);
}

TEST_CASE("LightSAM-I never climbs further than rho, and descends whatever rho is; sam does not") {
  const double rho = GENERATE(0.01, 0.1, 1.0);
  CAPTURE(rho);
  const Numbers curvature{10.0, 3.0, 1.0, 0.3, 0.1};
  Hill hill(Numbers(5, 1.0), curvature);
  const auto lightsam = hill.make({.name = "lightsam-norm", .rho = rho});
  for (int i = 0; i < 2000; ++i) {
    hill.asked.clear();
    const Numbers after = hill.step(*lightsam, 1.0);
    Numbers climbed = hill.asked[1];
    for (std::size_t k = 0; k < climbed.size(); ++k) climbed[k] -= hill.asked[0][k];
    if (norm(climbed) > rho * (1.0 + 1e-12)) FAIL("climbed " << norm(climbed));
  }
  CHECK(norm(hill.z()) < 1e-3);
  const Curve sam = Hill(Numbers(5, 1.0), curvature)
                        .steps({.name = "sam", .momentum = 0.0, .rho = rho}, 1.0, 100);
  CHECK(norm(sam.back()) > 1e6);
}

TEST_CASE("LightSAM-III stays a number where gradients stay zero") {
  auto backend = std::move(kernels::open_backend({"cpu", 1})->backend);
  peers::Quadratic flat({.center = {1.0, 1.0}, .curvature = {1.0, 0.0}, .start = {0.0, 0.0}},
                        runtime::Random(1), *backend);
  const auto lightsam = peers::make_optimizer({.name = "lightsam-adam"}, {backend.get(), 2});
  REQUIRE(lightsam.ok());
  const kernels::Buffer z = backend->allocate(2, kernels::Scalar::kF32);
  kernels::Buffer delta = backend->allocate(2, kernels::Scalar::kF32);
  std::vector<float> last(2);
  for (int i = 0; i < 100'000; ++i)
    static_cast<void>((*lightsam)->delta_at(flat, z.view(), 0.1, delta.view()));
  backend->download(delta.view(), std::span(last));
  CHECK(std::isfinite(last[0]));
  CHECK(last[1] == 0.0F);
}

namespace {

// Adam as its paper writes it, with the decay beside it.
struct Textbook {
  Numbers z, m, v;
  double t = 0.0;

  [[nodiscard]] Numbers direction(const Numbers& gradient, const peers::OptimizerOptions& o) {
    t += 1.0;
    Numbers u(z.size());
    for (std::size_t k = 0; k < z.size(); ++k) {
      m[k] = o.beta1 * m[k] + (1.0 - o.beta1) * gradient[k];
      v[k] = o.beta2 * v[k] + (1.0 - o.beta2) * gradient[k] * gradient[k];
      u[k] = m[k] / (1.0 - std::pow(o.beta1, t)) /
                 (std::sqrt(v[k] / (1.0 - std::pow(o.beta2, t))) + o.epsilon) +
             o.weight_decay * z[k];
    }
    return u;
  }
};

Numbers gradient_of_two_slopes(const Numbers& z) { return {2.0 * z[0], 0.5 * z[1]}; }

}  // namespace

TEST_CASE("adamw is Adam with the decay beside the moments") {
  const peers::OptimizerOptions options{
      .name = "adamw", .weight_decay = 0.1, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-3};
  const Curve curve = two_slopes().steps(options, 0.05, 30);
  Textbook book{{1.0, 2.0}, {0.0, 0.0}, {0.0, 0.0}};
  for (const Numbers& z : curve) {
    const Numbers u = book.direction(gradient_of_two_slopes(book.z), options);
    for (std::size_t k = 0; k < 2; ++k) book.z[k] -= 0.05 * u[k];
    check_near(z, book.z, 1e-13);
  }
}

TEST_CASE("lamb steps each tensor by the learning rate times the tensor's length") {
  const std::vector<models::ParameterTensor> tensors = {
      {.name = "a", .shape = {2}, .offset = 0, .count = 2, .storage = {}},
      {.name = "b", .shape = {1}, .offset = 2, .count = 1, .storage = {}}};
  const peers::OptimizerOptions options{.name = "lamb", .weight_decay = 0.01, .tensors = tensors};
  Hill hill({3.0, 4.0, 100.0}, {1.0, 2.0, 3.0});
  const Numbers after = hill.steps(options, 0.1, 1)[0];
  CHECK(norm({after[0] - 3.0, after[1] - 4.0}) == Approx(0.5));
  CHECK(100.0 - after[2] == Approx(10.0));
  // Without tensors the whole vector is one.
  Hill whole({3.0, 4.0, 12.0}, {1.0, 2.0, 3.0});
  const Numbers moved = whole.steps({.name = "lamb"}, 0.1, 1)[0];
  CHECK(norm({moved[0] - 3.0, moved[1] - 4.0, moved[2] - 12.0}) == Approx(1.3));
}

TEST_CASE("lamb goes where adamw does, and from zero takes its very step") {
  const peers::OptimizerOptions lamb{.name = "lamb", .weight_decay = 0.1};
  const peers::OptimizerOptions adamw{.name = "adamw", .weight_decay = 0.1};
  Textbook book{{1.0, 2.0}, {0.0, 0.0}, {0.0, 0.0}};
  for (const Numbers& z : two_slopes().steps(lamb, 0.05, 30)) {
    const Numbers u = book.direction(gradient_of_two_slopes(book.z), lamb);
    const double trust = norm(book.z) / norm(u);
    for (std::size_t k = 0; k < 2; ++k) book.z[k] -= 0.05 * trust * u[k];
    check_near(z, book.z, 1e-13);
  }
  const auto first = [](const peers::OptimizerOptions& options) {
    return Hill({0.0, 0.0}, {1.0, 1.0}, {1.0, -2.0}).steps(options, 0.05, 1)[0];
  };
  CHECK(first(lamb) == first(adamw));
}

TEST_CASE("weight decay of the scaled optimizers pulls by rate times decay, whatever the scale") {
  const auto name =
      GENERATE(as<std::string>{}, "adamw", "lightsam-norm", "lightsam-adagrad", "lightsam-adam");
  CAPTURE(name);
  const auto first = [&](double decay) {
    return two_slopes().steps({.name = name, .weight_decay = decay}, 0.1, 1)[0];
  };
  const Numbers with = first(0.5);
  const Numbers without = first(0.0);
  CHECK(without[0] - with[0] == Approx(0.1 * 0.5 * 1.0));
  CHECK(without[1] - with[1] == Approx(0.1 * 0.5 * 2.0));
}

TEST_CASE("a step in pieces is the step, bit for bit") {
  const auto name = GENERATE(from_range(peers::optimizer_names()));
  const bool nesterov = GENERATE(false, true);
  const std::size_t size = GENERATE(as<std::size_t>{}, 1, 4, 11);
  CAPTURE(name, nesterov, size);
  const peers::OptimizerOptions options{
      .name = name, .weight_decay = 0.1, .nesterov = nesterov, .rho = 0.1};
  const auto hill = [] {
    Numbers start(11);
    Numbers curvature(11);
    for (std::size_t k = 0; k < start.size(); ++k) {
      start[k] = 1.0 + 0.3 * static_cast<double>(k);
      curvature[k] = 2.0 / static_cast<double>(k + 1);
    }
    return Hill(start, curvature, {}, 0.3);
  };
  Hill whole = hill();
  Hill parts = hill();
  const auto one = whole.make(options);
  const auto other = parts.make(options);
  for (int i = 0; i < 5; ++i)
    CHECK(parts.step_in_pieces(*other, 0.1, size) == whole.step(*one, 0.1));
}

TEST_CASE("the optimizers that a config takes are those that are built") {
  std::vector<std::string_view> taken;
  for (const peers::Choice& choice : peers::choices_of("policy.optimizer"))
    taken.push_back(choice.name);
  CHECK(taken == peers::optimizer_names());
}
