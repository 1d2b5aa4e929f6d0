// What is added to the loss, and what reaches the optimizer of it.
#include <vector>

#include "kernels/open_backend.h"
#include "peers/config_names.h"
#include "peers/policies/regularizer.h"
#include "peers/policies/shaped_gradient.h"
#include "peers/policies/stage_anchor.h"
#include "peers/quadratic.h"
#include "tests/support/catch.h"

namespace {

using Numbers = std::vector<double>;

struct Bench {
  std::unique_ptr<kernels::Backend> backend = std::move(kernels::open_backend({"cpu", 1})->backend);
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

TEST_CASE("a regularizer that is not there is refused with those that are") {
  const Bench bench;
  const auto made = peers::make_regularizer({.name = "l2"}, bench.objective, *bench.backend);
  REQUIRE_FALSE(made.ok());
  CHECK_THAT(made.error().message, Catch::StartsWith("unknown regularizer 'l2'; there are none, "));
}

TEST_CASE("the regularizers that a config takes are those that are built") {
  std::vector<std::string_view> taken;
  for (const peers::Choice& choice : peers::choices_of("policy.regularizer")) {
    if (choice.available) taken.push_back(choice.name);
  }
  CHECK(taken == peers::regularizer_names());
}
