// What a peer does when somebody asks about it, or asks it to leave.

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "gossip/wire.h"
#include "peers/assembly.h"
#include "tests/peers/laboratory.h"

namespace {

using gossip::Inquiry;
using laboratory::Scratch;

constexpr runtime::PeerId kAsker{77};

// One peer of two, in the laboratory.
class Asked {
 public:
  Asked() : config_(laboratory::parse(toml(scratch_))) {
    auto surroundings = peers::open_surroundings(config_, {.parts = 2, .peers_here = 2});
    REQUIRE(surroundings.ok());
    surroundings_ = std::make_unique<peers::Surroundings>(std::move(surroundings).value());
    const std::vector members{runtime::PeerId{0}, runtime::PeerId{1}};
    auto assembly = peers::Assembly::create(config_, *surroundings_,
                                            {.index = 0,
                                             .id = members[0],
                                             .incarnation = 4,
                                             .members = members,
                                             .name = "anna",
                                             .virtual_time = true},
                                            runtime::Instant{});
    REQUIRE(assembly.ok());
    assembly_ = std::move(assembly).value();
  }

  [[nodiscard]] peers::Peer& peer() { return assembly_->peer(); }
  void ask(Inquiry::Kind kind, bool trusted) {
    const gossip::Sender asker{.id = kAsker, .incarnation = 1, .fingerprint = 0};
    peer().receive({.from = kAsker,
                    .channel = runtime::Channel::kControl,
                    .frames = gossip::encode(asker, Inquiry{kind}),
                    .trusted = trusted},
                   runtime::Instant{});
  }
  // The only answer, to who asked.
  gossip::Message answer() {
    const std::vector<peers::Peer::Answer> answers = peer().take_answers();
    REQUIRE(answers.size() == 1);
    CHECK(answers[0].to == kAsker);
    const auto decoded = gossip::decode_answer(answers[0].frames);
    REQUIRE(std::holds_alternative<gossip::Message>(decoded));
    return std::get<gossip::Message>(decoded);
  }

 private:
  static std::string toml(const Scratch& scratch) {
    return "run = \"t\"\n[objective]\nkind = \"quadratic\"\ncenters = \"" +
           scratch.write("centers.csv", laboratory::Matrix{{1.0, 2.0}, {3.0, 4.0}}) +
           "\"\n[simulate]\npeers = 2\nrounds = 5\n";
  }

  Scratch scratch_;
  peers::Config config_;
  std::unique_ptr<peers::Surroundings> surroundings_;
  std::unique_ptr<peers::Assembly> assembly_;
};

}  // namespace

TEST_CASE("nobody has asked: there is nothing to answer") {
  Asked asked;
  CHECK(asked.peer().take_answers().empty());
  CHECK_FALSE(asked.peer().leave_asked());
}

TEST_CASE("who asks is told how the peer is, and its mass stays what it was") {
  Asked asked;
  asked.peer().mix();
  (void)asked.peer().compute();
  (void)asked.peer().advance(runtime::Instant{});
  asked.peer().note_rate(1.5, 20.0);
  const double weight = asked.peer().weight();
  asked.ask(Inquiry::Kind::kStatus, false);
  const gossip::Message message = asked.answer();
  const auto& report = std::get<gossip::Report>(message.body);
  CHECK(report.precision == "f32");
  CHECK(message.from.id == runtime::PeerId{0});
  CHECK(message.from.incarnation == 4);
  CHECK(report.self.name == "anna");
  CHECK(report.terms.find("run = t\n") == 0);
  CHECK(report.progress.step == 1);
  CHECK(report.steps == 5);
  CHECK(report.epoch == 1.5);
  CHECK(report.samples_per_second == 20.0);
  CHECK(report.weight == weight);
  CHECK_FALSE(report.leaving);
  CHECK(report.members_living == 2);
  CHECK(report.members.size() == 1);
  CHECK(asked.peer().weight() == weight);
  CHECK(asked.peer().status().traffic.messages_refused == 0);
  CHECK(asked.peer().take_answers().empty());
}

TEST_CASE("who is trusted may ask it to leave, and is told that it does") {
  Asked asked;
  asked.ask(Inquiry::Kind::kLeave, true);
  CHECK(asked.peer().leave_asked());
  CHECK(std::get<gossip::Report>(asked.answer().body).leaving);
  asked.ask(Inquiry::Kind::kStatus, false);
  CHECK(std::get<gossip::Report>(asked.answer().body).leaving);
}

TEST_CASE("anybody else is told why it does not") {
  Asked asked;
  asked.ask(Inquiry::Kind::kLeave, false);
  CHECK_FALSE(asked.peer().leave_asked());
  CHECK(std::get<gossip::Rejection>(asked.answer().body).reason.find("own machine only") !=
        std::string::npos);
}

TEST_CASE("who asks without end is not answered without end") {
  Asked asked;
  for (int i = 0; i < 1000; ++i) asked.ask(Inquiry::Kind::kStatus, false);
  CHECK(asked.peer().take_answers().size() < 20);
  asked.ask(Inquiry::Kind::kStatus, false);
  (void)asked.answer();
}
