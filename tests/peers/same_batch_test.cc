// What asks twice about a batch hears twice about the same one.
#include <vector>

#include "peers/assembly.h"
#include "peers/config.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

TEST_CASE("every gradient of one batch is of the same samples, augmented the same way") {
  const auto config = peers::parse_config(
      "train.batch = 8\nmodel.kind = \"logistic\"\ndata = { limit = 40, augment = true }\n",
      "test.toml", {});
  REQUIRE(config.ok());
  const auto surroundings = peers::open_surroundings(*config, {.parts = 1, .peers_here = 1});
  REQUIRE(surroundings.ok());
  const peers::Place place{
      .index = 0, .id = runtime::PeerId{0}, .members = {runtime::PeerId{0}}, .virtual_time = true};
  const auto assembly = peers::Assembly::create(*config, *surroundings, place, {});
  REQUIRE(assembly.ok());
  peers::Objective& objective = (*assembly)->objective();
  kernels::Backend& backend = *surroundings->backend;
  const std::size_t count = objective.parameter_count();
  const kernels::ConstView z = (*assembly)->peer().estimate();
  const auto gradient = [&] {
    kernels::Buffer there = backend.allocate(count, kernels::Scalar::kF32);
    static_cast<void>(objective.gradient_at(z, there.view()));
    std::vector<float> here(count);
    backend.download(there.view(), std::span(here));
    return here;
  };
  objective.next_batch();
  const std::vector<float> first = gradient();
  CHECK(gradient() == first);
  objective.next_batch();
  CHECK(gradient() != first);
}
