// A Report on the wire.
#include <utility>

#include "gossip/wire_parts.h"
#include "runtime/check.h"

namespace gossip {
namespace {

std::optional<NoiseReport> read_noise(wire::NoiseReport::Reader body) {
  const auto group = read_text(body.getGroup(), kNameBytesMax);
  if (!group) return std::nullopt;
  return NoiseReport{.group = *group, .local = body.getLocal(), .global = body.getGlobal()};
}

void write_member(const MemberReport& member, wire::MemberReport::Builder body) {
  body.setId(runtime::value_of(member.id));
  body.setIncarnation(member.incarnation);
  body.setName(member.name);
  body.setState(static_cast<wire::Rumour::State>(member.state));
  write_progress(member.progress, body.initProgress());
  body.setFrozen(member.frozen);
  body.setSilentSeconds(member.silent_seconds);
  const EdgeReport& edge = member.edge;
  body.setBytesSentPerSecond(edge.bytes_sent_per_second);
  body.setBytesReceivedPerSecond(edge.bytes_received_per_second);
  body.setParcelsInFlight(edge.parcels_in_flight);
  body.setAgeRoundsP50(edge.age_rounds_p50);
  body.setAgeRoundsP99(edge.age_rounds_p99);
  body.setRoundTripSecondsP50(edge.round_trip_seconds_p50);
  body.setRoundTripSecondsP99(edge.round_trip_seconds_p99);
  body.setRefused(edge.refused);
  body.setClipped(edge.clipped);
}

std::optional<MemberReport> read_member(wire::MemberReport::Reader body) {
  const auto name = read_text(body.getName(), kNameBytesMax);
  const auto state = read_state(body.getState());
  const auto progress = read_progress(body.getProgress());
  if (!name || !state || !progress) return std::nullopt;
  return MemberReport{.id = runtime::PeerId{body.getId()},
                      .incarnation = body.getIncarnation(),
                      .name = *name,
                      .state = *state,
                      .progress = *progress,
                      .frozen = body.getFrozen(),
                      .silent_seconds = body.getSilentSeconds(),
                      .edge = {.bytes_sent_per_second = body.getBytesSentPerSecond(),
                               .bytes_received_per_second = body.getBytesReceivedPerSecond(),
                               .parcels_in_flight = body.getParcelsInFlight(),
                               .age_rounds_p50 = body.getAgeRoundsP50(),
                               .age_rounds_p99 = body.getAgeRoundsP99(),
                               .round_trip_seconds_p50 = body.getRoundTripSecondsP50(),
                               .round_trip_seconds_p99 = body.getRoundTripSecondsP99(),
                               .refused = body.getRefused(),
                               .clipped = body.getClipped()}};
}

}  // namespace

// Structs have the sizes that wire.capnp gives them, texts a byte more than they are long.
std::size_t words_of_report(const Report& report) {
  constexpr std::size_t kFixedWords = 64;
  constexpr std::size_t kMemberWords = 25;
  const auto words_of = [](std::size_t bytes) { return bytes / sizeof(capnp::word) + 1; };
  const Contact& self = report.self;
  std::size_t words = kFixedWords + words_of(report.terms.size()) +
                      words_of(report.precision.size()) + words_of(self.name.size()) +
                      words_of(self.address.control.size()) + words_of(self.address.bulk.size()) +
                      words_of(self.address.key.size());
  for (const MemberReport& member : report.members)
    words += kMemberWords + words_of(member.name.size());
  for (const NoiseReport& noise : report.noise) words += 4 + words_of(noise.group.size());
  return words;
}

void write_report(const Report& report, wire::Report::Builder body) {
  CHECK(report.members.size() <= kReportedMax);
  write_contact(report.self, body.initSelf());
  body.setTerms(report.terms);
  write_progress(report.progress, body.initProgress());
  body.setSteps(report.steps);
  body.setEpoch(report.epoch);
  body.setLoss(report.loss);
  body.setLearningRate(report.learning_rate);
  body.setSamplesPerSecond(report.samples_per_second);
  body.setWeight(report.weight);
  body.setWeightInFlight(report.weight_in_flight);
  body.setBlockedSeconds(report.blocked_seconds);
  body.setAgeRoundsP50(report.age_rounds_p50);
  body.setAgeRoundsP99(report.age_rounds_p99);
  body.setParcelsSkipped(report.parcels_skipped);
  body.setMessagesRefused(report.messages_refused);
  body.setParcelsClipped(report.parcels_clipped);
  body.setLeaving(report.leaving);
  body.setStanding(static_cast<wire::Standing>(report.standing));
  body.setMembersLiving(report.members_living);
  body.setMembersKnown(report.members_known);
  CHECK(report.noise.size() <= kNoiseReportsMax);
  body.setPrecision(report.precision);
  body.setBatch(report.batch);
  auto noise = body.initNoise(static_cast<unsigned>(report.noise.size()));
  for (unsigned i = 0; i < noise.size(); ++i) {
    noise[i].setGroup(report.noise[i].group);
    noise[i].setLocal(report.noise[i].local);
    noise[i].setGlobal(report.noise[i].global);
  }
  auto members = body.initMembers(static_cast<unsigned>(report.members.size()));
  for (unsigned i = 0; i < members.size(); ++i) write_member(report.members[i], members[i]);
}

std::optional<Report> read_report(wire::Report::Reader body) {
  auto self = read_contact(body.getSelf());
  auto terms = read_text(body.getTerms(), kTermsBytesMax);
  auto precision = read_text(body.getPrecision(), kNameBytesMax);
  const auto progress = read_progress(body.getProgress());
  const auto members = body.getMembers();  // once: reading it again counts again
  const auto noise = body.getNoise();
  const auto standing = static_cast<std::size_t>(body.getStanding());
  if (!self || !terms || !precision || !progress) return std::nullopt;
  if (members.size() > kReportedMax || standing >= kStandingCount) return std::nullopt;
  if (noise.size() > kNoiseReportsMax) return std::nullopt;
  Report report{.self = std::move(*self),
                .terms = std::move(*terms),
                .progress = *progress,
                .steps = body.getSteps(),
                .epoch = body.getEpoch(),
                .loss = body.getLoss(),
                .learning_rate = body.getLearningRate(),
                .samples_per_second = body.getSamplesPerSecond(),
                .precision = std::move(*precision),
                .batch = body.getBatch(),
                .weight = body.getWeight(),
                .weight_in_flight = body.getWeightInFlight(),
                .blocked_seconds = body.getBlockedSeconds(),
                .age_rounds_p50 = body.getAgeRoundsP50(),
                .age_rounds_p99 = body.getAgeRoundsP99(),
                .parcels_skipped = body.getParcelsSkipped(),
                .messages_refused = body.getMessagesRefused(),
                .parcels_clipped = body.getParcelsClipped(),
                .leaving = body.getLeaving(),
                .standing = static_cast<Standing>(standing),
                .members_living = body.getMembersLiving(),
                .members_known = body.getMembersKnown()};
  for (const wire::NoiseReport::Reader said : noise) {
    auto group = read_noise(said);
    if (!group) return std::nullopt;
    report.noise.push_back(std::move(*group));
  }
  for (const wire::MemberReport::Reader said : members) {
    auto member = read_member(said);
    if (!member) return std::nullopt;
    report.members.push_back(std::move(*member));
  }
  return report;
}

}  // namespace gossip
