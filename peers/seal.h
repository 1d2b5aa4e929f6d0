#pragma once
// A checksum in the header of a safetensors file, over all of the file: XXH3, 64 bits, as 16
// hexadecimal digits; zeros stand in their place while it is taken.

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <utility>

#include "models/safetensors.h"
#include "runtime/result.h"

namespace peers {

// Must be among the metadata of a file that is to be sealed.
[[nodiscard]] std::pair<const std::string, std::string> seal_to_come();

// Writes the checksum into the head of a file whose metadata have a seal to come.
void seal(models::SafetensorsFile& file);

// Whether the file is as it was sealed, or never was; puts zeros where the checksum was. Refused:
// one that does not match, which names both.
[[nodiscard]] runtime::Status check_seal(std::span<std::byte> file,
                                         const std::map<std::string, std::string>& metadata);

}  // namespace peers
