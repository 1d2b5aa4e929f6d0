// Several tasks, one after another, as peers meet them.
#include <string>
#include <vector>

#include "peers/assembly.h"
#include "peers/config_names.h"
#include "peers/simulate.h"
#include "tests/support/config_texts.h"

#include "tests/support/catch.h"  // last: it takes over the name CHECK

namespace {

std::string tasks(const std::string& name) {
  return "data = { set = \"glyphs\", limit = 600, tasks = \"" + name +
         "\", task_count = 3 }\nmodel.kind = \"logistic\"\n"
         "train = { batch = 8, steps = 30 }\nsimulate.peers = 3\ngossip.pace = \"sync\"\n";
}

peers::RunSummary simulated(const std::string& text) {
  auto simulation = peers::Simulation::create(test::accepted(text), nullptr);
  if (!simulation) FAIL(simulation.error().message);
  return (*simulation)->run(runtime::StopSignal(), [](std::uint64_t, std::uint64_t) {}).summary;
}

}  // namespace

TEST_CASE("tasks change after as many steps each, and the last goes on") {
  const std::string name = GENERATE("label-permutation", "pixel-permutation", "class-incremental");
  CAPTURE(name);
  const peers::Config config = test::accepted(tasks(name));
  auto surroundings = peers::open_surroundings(config, {.parts = 3, .peers_here = 3});
  REQUIRE(surroundings.ok());
  auto assembly = peers::Assembly::create(
      config, *surroundings,
      {.index = 1, .id = runtime::PeerId{1}, .members = {runtime::PeerId{1}}, .virtual_time = true},
      {});
  REQUIRE(assembly.ok());
  peers::Objective& objective = (*assembly)->objective();
  std::vector<std::size_t> seen;
  for (int batch = 0; batch < 36; ++batch) {
    objective.next_batch();
    seen.push_back(objective.task());
    CHECK(objective.next_task() == (batch + 1 < 10 ? 0U : batch + 1 < 20 ? 1U : 2U));
  }
  for (std::size_t batch = 0; batch < seen.size(); ++batch)
    CHECK(seen[batch] == (batch < 10 ? 0U : batch < 20 ? 1U : 2U));
}

TEST_CASE("a run of several tasks is another run, and the same bits every time") {
  const std::string text = tasks("pixel-permutation");
  const auto once = simulated(text);
  CHECK(peers::results_fingerprint(simulated(text)) == peers::results_fingerprint(once));
  std::string one_task = tasks("none");
  one_task.replace(one_task.find(", task_count = 3"), 16, "");
  CHECK(peers::results_fingerprint(simulated(one_task)) != peers::results_fingerprint(once));
}

TEST_CASE("tasks that make no sense together with the rest are refused with the reason") {
  using test::refusal;
  CHECK_THAT(refusal("data.task_count = 3"), Catch::Contains("needs data.tasks, got \"none\""));
  CHECK_THAT(refusal("data.tasks = \"labels\""), Catch::Contains("expected one of none, label-"));
  CHECK_THAT(refusal("data.tasks = \"pixel-permutation\"", {"data.augment=true"}),
             Catch::Contains("they are none"));
  CHECK(test::accepted("data.tasks = \"class-incremental\"").data.task_count == 10);
}

TEST_CASE("the tasks that a config takes are those that are made") {
  std::vector<std::string_view> taken;
  for (const peers::Choice& choice : peers::choices_of("data.tasks")) taken.push_back(choice.name);
  std::vector<std::string_view> made;
  for (const auto& known : models::known_tasks()) made.push_back(known.name);
  CHECK(taken == made);
}
