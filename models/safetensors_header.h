#pragma once
// The JSON at the head of a safetensors file: which tensors follow, where, in what shape.

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/result.h"

namespace models {

// Bytes [begin, end) of the data behind the header.
struct TensorEntry {
  std::string name;
  std::string type = "F32";
  std::vector<std::size_t> shape;
  std::size_t begin = 0;
  std::size_t end = 0;
};

struct SafetensorsHeader {
  std::vector<TensorEntry> tensors;  // in the order of their data
  std::map<std::string, std::string> metadata;
};

// As JSON, ended with spaces to a multiple of eight bytes.
[[nodiscard]] std::string format_header(const SafetensorsHeader& header);

// Refused: what is not JSON of the format, an unknown type, a tensor whose bytes do not match its
// shape, data that overlap, leave gaps or do not fill exactly `data_bytes`.
[[nodiscard]] runtime::Result<SafetensorsHeader> parse_header(std::string_view json,
                                                              std::size_t data_bytes);

}  // namespace models
