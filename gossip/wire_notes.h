#pragma once
// Notes on the wire: part of wire.cc. Reading refuses what is longer than one may say, numbers that
// are none, and a topic that this version does not know.

#include <optional>
#include <vector>

#include "gossip/notes.h"
#include "gossip/wire.capnp.h"

namespace gossip {

[[nodiscard]] std::size_t words_of_notes(const std::vector<SharedNote>& notes);
void write_notes(const std::vector<SharedNote>& notes, capnp::List<wire::Note>::Builder body);
[[nodiscard]] std::optional<std::vector<SharedNote>> read_notes(
    capnp::List<wire::Note>::Reader body);

}  // namespace gossip
