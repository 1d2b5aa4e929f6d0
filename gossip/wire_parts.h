#pragma once
// What several messages have in common on the wire. For gossip/wire*.cc alone: it names capnp.

#include <capnp/common.h>

#include <cstddef>
#include <optional>
#include <string>

#include "gossip/contact.h"
#include "gossip/members.h"
#include "gossip/report.h"
#include "gossip/wire.capnp.h"

namespace gossip {

void write_progress(const Progress& progress, wire::Heartbeat::Builder body);
void write_contact(const Contact& contact, wire::Contact::Builder body);
void write_report(const Report& report, wire::Report::Builder body);
[[nodiscard]] std::size_t words_of_report(const Report& report);  // at most

// Empty: malformed.
[[nodiscard]] std::optional<Progress> read_progress(wire::Heartbeat::Reader body);
[[nodiscard]] std::optional<std::string> read_text(capnp::Text::Reader text, std::size_t bytes_max);
[[nodiscard]] std::optional<Contact> read_contact(wire::Contact::Reader body);
[[nodiscard]] std::optional<MemberState> read_state(wire::Rumour::State state);
[[nodiscard]] std::optional<Report> read_report(wire::Report::Reader body);

}  // namespace gossip
