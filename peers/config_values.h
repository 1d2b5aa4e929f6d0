#pragma once
// Values into fields and back.

#include <string>

#include "peers/config_fields.h"
#include "peers/config_toml.h"
#include "runtime/result.h"

namespace peers {

// Puts `value` where the field says. On failure the field is as it was and the Error says what was
// expected and what came ("expected an integer from 1 to 65536, got \"many\"").
runtime::Status set_field(const Field& field, const TomlValue& value);

// The field's value as it stands in a document; empty for one that stays unwritten.
[[nodiscard]] std::string field_text(const Field& field);

// "an integer from 1 to 65536".
[[nodiscard]] std::string expectation(const Field& field);

// "complete, ring, random-k"
[[nodiscard]] std::string choice_names(std::span<const Choice> choices);

// Whether a word without quotes can only be meant as text.
[[nodiscard]] bool takes_bare_words(const Field& field);

}  // namespace peers
