// train.precision: what bf16 costs in quality, and that a machine without it trains in f32 and says
// so.

#include <cmath>
#include <string>

#include "kernels/open_backend.h"
#include "peers/assembly.h"
#include "peers/simulate.h"
#include "tests/peers/laboratory.h"
#include "tests/support/catch.h"

namespace {

std::string toml(const std::string& device, const std::string& precision) {
  return "peer.device = \"" + device + "\"\ndata = { set = \"glyphs\", limit = 100 }\n" +
         "model.kind = \"mlp\"\n[train]\nsteps = 12\nbatch = 16\nnoise_every = 0\n" +
         "evaluate_every = 0\nprecision = \"" + precision + "\"\n" +
         "[policy]\nlearning_rate = 0.1\n[gossip]\npace = \"sync\"\n[simulate]\npeers = 2\n";
}

peers::RunSummary trained(const std::string& device, const std::string& precision) {
  const peers::Config config = laboratory::parse(toml(device, precision));
  return std::move(laboratory::run(config).report.summary);
}

double loss(const peers::RunSummary& summary) {
  REQUIRE(summary.peers.front().quality);
  return summary.peers.front().quality->loss;
}

}  // namespace

TEST_CASE("a network trained in bf16 comes to nearly the loss of f32, by other numbers") {
  const peers::RunSummary f32 = trained("reference", "f32");
  const peers::RunSummary bf16 = trained("reference", "bf16");
  CHECK(f32.peers.front().precision == "f32");
  CHECK(bf16.peers.front().precision == "bf16");
  CHECK(bf16.peers.front().estimate != f32.peers.front().estimate);
  CHECK(loss(f32) < 0.95 * std::log(10.0));  // it has learned something
  CHECK(std::abs(loss(bf16) - loss(f32)) < 0.01 * loss(f32));
}

TEST_CASE("where the processor has no bf16, a run of it has the bits of f32 and says why") {
  const auto opened =
      kernels::open_backend({.device = "cpu", .precision = kernels::Precision::kBf16});
  REQUIRE(opened);
  const bool has_bf16 = opened->backend->precision() == kernels::Precision::kBf16;
  const peers::RunSummary f32 = trained("cpu", "f32");
  const peers::RunSummary bf16 = trained("cpu", "bf16");
  CHECK(f32.peers.front().precision == "f32");
  CHECK(bf16.peers.front().precision == (has_bf16 ? "bf16" : "f32"));
  for (std::size_t i = 0; i < f32.peers.size(); ++i)
    CHECK((bf16.peers[i].estimate == f32.peers[i].estimate) == !has_bf16);
  CHECK(peers::precision_lack(laboratory::parse(toml("cpu", "f32"))).empty());
  CHECK(peers::precision_lack(laboratory::parse(toml("reference", "bf16"))).empty());
  CHECK(peers::precision_lack(laboratory::parse(toml("cpu", "bf16"))) == opened->notice);
}

TEST_CASE("a config of bf16 reads back from what is printed of it") {
  const peers::Config config = laboratory::parse(toml("cpu", "bf16"));
  CHECK(laboratory::parse(peers::to_toml(config)) == config);
}

TEST_CASE("the laboratory, which has no layers, refuses bf16") {
  const auto config = peers::parse_config(
      "[train]\nprecision = \"bf16\"\n[objective]\nkind = \"quadratic\"\n", "test.toml", {});
  REQUIRE_FALSE(config.ok());
  CHECK_THAT(config.error().message,
             Catch::Contains(
                 "train.precision: a quadratic objective has no layers to compute in \"bf16\""));
}

TEST_CASE("a precision is named with what was asked for, where that is another") {
  CHECK(peers::precision_text("bf16", kernels::Precision::kBf16) == "bf16");
  CHECK(peers::precision_text("f32", kernels::Precision::kF32) == "f32");
  CHECK(peers::precision_text("bf16", kernels::Precision::kF32) == "f32 (bf16 asked)");
}
