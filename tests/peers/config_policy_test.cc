// Presets, and which parts of a policy go together.
#include <algorithm>
#include <string>
#include <vector>

#include "peers/config.h"
#include "peers/config_fields.h"
#include "peers/config_presets.h"
#include "peers/config_toml.h"
#include "peers/config_values.h"

#include "tests/support/config_texts.h"

using test::accepted;
using test::refusal;

TEST_CASE("every preset fills in what it says, and makes a config that runs") {
  for (const peers::Preset& preset : peers::presets()) {
    CAPTURE(preset.name);
    const std::string chosen = "policy.preset = \"" + std::string(preset.name) + "\"";
    peers::Config config = accepted(chosen);
    for (const peers::Field& field : peers::fields_of(config)) {
      for (const peers::PresetValue& value : preset.values) {
        if (value.key != field.key) continue;
        const auto written = peers::parse_toml_value(value.value);
        REQUIRE(written.ok());
        CHECK(peers::field_text(field) == peers::describe_value(*written));
      }
    }
    // Complete: the printed config says all of it, so it is the same without the preset.
    CHECK(accepted(peers::to_toml(config), {"policy.preset=none"}).policy.optimizer ==
          config.policy.optimizer);
    for (const std::string_view part :
         {"policy.optimizer", "policy.schedule", "policy.correction", "policy.regularizer"}) {
      const bool given = std::ranges::count(preset.values, part, &peers::PresetValue::key) == 1;
      CHECK(given == (preset.name != "none"));
    }
  }
}

TEST_CASE("a preset that is unknown is refused with the nearest") {
  CHECK_THAT(refusal("[policy]\npreset = \"vrl\""),
             Catch::StartsWith("x.toml:2: policy.preset: expected one of sgp, none, sgap, "));
  CHECK_THAT(refusal("[policy]\npreset = \"vrl_sgd\""),
             Catch::Contains("did you mean \"vrl-sgd\"?"));
}

TEST_CASE("parts of a policy that make no sense together are refused with the reason") {
  const std::string vrl = "gossip.pace = \"sync\"\n[policy]\ncorrection = \"vrl\"\n";
  CHECK(accepted(vrl + "optimizer = \"sgd\"").policy.correction == "vrl");
  CHECK(accepted(vrl + "optimizer = \"sam\"\nmomentum = 0").policy.correction == "vrl");
  CHECK(
      refusal(vrl + "optimizer = \"sam\"") ==
      "x.toml:3: policy.correction: \"vrl\" divides what a mix moved by the learning rates, so it "
      "needs policy.optimizer = \"sgd\", or \"sam\" with policy.momentum = 0, got \"sam\"");
  CHECK_THAT(refusal(vrl + "optimizer = \"adamw\""), Catch::Contains("got \"adamw\""));
  CHECK_THAT(refusal("[policy]\npreset = \"vrl-sgd\"\n[gossip]\npace = \"async\""),
             Catch::Contains("it needs gossip.pace = \"sync\", got \"async\""));
  CHECK_THAT(refusal(vrl + "optimizer = \"sgd\"", {"gossip.topology=random-k"}),
             Catch::Contains("change from round to round"));
  CHECK(accepted("policy = { optimizer = \"sgd\", correction = \"quasi-global-momentum\" }")
            .policy.correction == "quasi-global-momentum");
  CHECK_THAT(refusal("[policy]\ncorrection = \"quasi-global-momentum\""),
             Catch::Contains("is the momentum, so it needs policy.optimizer = \"sgd\", got "
                             "\"momentum\""));
  CHECK_THAT(refusal("[policy]\nschedule = \"overlapped\""),
             Catch::StartsWith("x.toml:2: policy.schedule: \"overlapped\" waits later"));
  CHECK_THAT(refusal(vrl + "optimizer = \"sgd\"\nschedule = \"overlapped\""),
             Catch::Contains("local steps are among it"));
  CHECK_THAT(refusal("[policy]\nschedule = \"stagewise\"\nlearning_rate_rule = \"cosine\""),
             Catch::StartsWith("x.toml:3: policy.learning_rate_rule: the stages lower the rate"));
  CHECK(refusal("[policy]\nstage_pull = 0.1") ==
        "x.toml:2: policy.stage_pull: needs policy.stages = \"nc-1\" or \"nc-2\", got \"sc\"");
  CHECK_THAT(
      refusal("policy.regularizer = \"spectral\"\nobjective.kind = \"quadratic\""),
      Catch::Contains("x.toml:1: policy.regularizer: \"spectral\" is of a network's layers"));
  CHECK(refusal("[policy]\nbeta1 = 1") ==
        "x.toml:2: policy.beta1: expected a number from 0 and below 1, got 1");
}
