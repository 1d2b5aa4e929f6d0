#include "gossip/wire_parts.h"

#include <cmath>
#include <cstdint>

namespace gossip {

void write_progress(const Progress& progress, wire::Heartbeat::Builder body) {
  body.setPhase(static_cast<wire::Phase>(progress.phase));
  body.setStep(progress.step);
  body.setStepSeconds(progress.step_seconds);
  body.setRound(progress.round);
}

void write_contact(const Contact& contact, wire::Contact::Builder body) {
  body.setId(runtime::value_of(contact.id));
  body.setIncarnation(contact.incarnation);
  body.setName(contact.name);
  body.setControl(contact.address.control);
  body.setBulk(contact.address.bulk);
  body.setKey(contact.address.key);
}

std::optional<Progress> read_progress(wire::Heartbeat::Reader body) {
  const auto phase = static_cast<std::uint16_t>(body.getPhase());
  if (phase > static_cast<std::uint16_t>(Phase::kDrained)) return std::nullopt;
  const double step_seconds = body.getStepSeconds();
  if (!(step_seconds >= 0.0) || std::isinf(step_seconds)) return std::nullopt;
  return Progress{.phase = static_cast<Phase>(phase),
                  .step = body.getStep(),
                  .step_seconds = step_seconds,
                  .round = body.getRound()};
}

std::optional<std::string> read_text(capnp::Text::Reader text, std::size_t bytes_max) {
  if (text.size() > bytes_max) return std::nullopt;
  return std::string(text.cStr(), text.size());
}

std::optional<Contact> read_contact(wire::Contact::Reader body) {
  const auto name = read_text(body.getName(), kNameBytesMax);
  const auto control = read_text(body.getControl(), kAddressBytesMax);
  const auto bulk = read_text(body.getBulk(), kAddressBytesMax);
  const auto key = read_text(body.getKey(), kKeyBytesMax);
  if (!name || !control || !bulk || !key) return std::nullopt;
  return Contact{.id = runtime::PeerId{body.getId()},
                 .incarnation = body.getIncarnation(),
                 .name = *name,
                 .address = {.control = *control, .bulk = *bulk, .key = *key}};
}

std::optional<MemberState> read_state(wire::Rumour::State state) {
  const auto number = static_cast<std::uint16_t>(state);
  if (number > static_cast<std::uint16_t>(MemberState::kLeft)) return std::nullopt;
  return static_cast<MemberState>(number);
}

}  // namespace gossip
