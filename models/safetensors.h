#pragma once
// Safetensors files: names, types and shapes, and numbers of any type. Read as bytes in memory,
// written piece by piece.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "models/safetensors_header.h"
#include "runtime/replace_file.h"
#include "runtime/result.h"

namespace models {

// One tensor that was found in a file: its bytes are another's.
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

// One tensor that a file is made of.
struct TensorSource {
  std::string name;
  std::string type = "F32";
  std::vector<std::size_t> shape;
  std::size_t bytes = 0;
  std::function<void(const runtime::ByteSink&)> pour;  // so many, in the file's order of elements
};

// Of bytes that are in the file's order already, and outlive it.
[[nodiscard]] TensorSource source_of(TensorBytes tensor);

// A file to be written: its head in memory, its tensors where they are.
class SafetensorsFile {
 public:
  SafetensorsFile(std::vector<TensorSource> tensors,
                  const std::map<std::string, std::string>& metadata);

  [[nodiscard]] std::span<std::byte> head() { return head_; }  // up to the first tensor
  [[nodiscard]] std::uint64_t bytes() const { return head_.size() + data_bytes_; }
  void pour(const runtime::ByteSink& sink) const;  // all of it, as often as it is called
  // As runtime::replace_file() does.
  [[nodiscard]] runtime::Status write(const std::filesystem::path& path) const;

 private:
  std::vector<TensorSource> tensors_;
  std::vector<std::byte> head_;
  std::uint64_t data_bytes_ = 0;
};

// What is in a file, which outlives the result. Refused: a header longer than the file, and what
// models/safetensors_header.h refuses.
[[nodiscard]] runtime::Result<Safetensors> parse_safetensors(std::span<const std::byte> file);

// Its metadata alone: reads no more than the header. Refused with the file's name, as above.
[[nodiscard]] runtime::Result<std::map<std::string, std::string>> read_metadata(
    const std::filesystem::path& path);

[[nodiscard]] runtime::Result<std::vector<std::byte>> read_bytes(const std::filesystem::path& path);

}  // namespace models
