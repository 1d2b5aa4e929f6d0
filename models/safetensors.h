#pragma once
// Whole safetensors files as bytes in memory: names, types and shapes, and numbers of any type.

#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "models/safetensors_header.h"
#include "runtime/result.h"

namespace models {

// One tensor that a file is made of, or that was found in one: its bytes are another's.
struct TensorBytes {
  std::string name;
  std::string type = "F32";
  std::vector<std::size_t> shape;
  std::span<const std::byte> bytes;  // row-major, in the file's order of elements
};

struct Safetensors {
  std::vector<TensorBytes> tensors;  // in the order of their data
  std::map<std::string, std::string> metadata;
};

// The file, ready to be written.
[[nodiscard]] std::vector<std::byte> format_safetensors(
    std::span<const TensorBytes> tensors, const std::map<std::string, std::string>& metadata);

// What is in a file, which outlives the result. Refused: a header longer than the file, and what
// models/safetensors_header.h refuses.
[[nodiscard]] runtime::Result<Safetensors> parse_safetensors(std::span<const std::byte> file);

// Its metadata alone: reads no more than the header. Refused with the file's name, as above.
[[nodiscard]] runtime::Result<std::map<std::string, std::string>> read_metadata(
    const std::filesystem::path& path);

[[nodiscard]] runtime::Result<std::vector<std::byte>> read_bytes(const std::filesystem::path& path);

}  // namespace models
