#pragma once
// Parameters in files: safetensors, with PyTorch's names, shapes and order of elements, so that
// other frameworks read what we wrote and we read what they did.

#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "models/parameter_tensor.h"
#include "models/safetensors.h"
#include "runtime/result.h"

namespace models {

struct NamedTensor {
  std::string name;
  std::vector<std::size_t> shape;
  std::vector<float> values;  // row-major, in the file's order
};

// A tensor of another type than F32: known by name only.
struct OtherTensor {
  std::string name;
  std::string type;  // the format's word: "I64"
};

struct Checkpoint {
  std::vector<NamedTensor> tensors;
  std::vector<OtherTensor> others = {};
  std::map<std::string, std::string> metadata;
};

// The tensors of the flat vector `parameters` (host memory, which outlives them), in PyTorch's
// order of elements.
[[nodiscard]] std::vector<TensorSource> sources_of(std::span<const ParameterTensor> tensors,
                                                   std::span<const float> parameters);

// Writes it as runtime::replace_file() does.
[[nodiscard]] runtime::Status write_checkpoint(const std::filesystem::path& path,
                                               std::span<const ParameterTensor> tensors,
                                               std::span<const float> parameters,
                                               const std::map<std::string, std::string>& metadata);

// Reads any safetensors file; of tensors that are not f32 no more than the names. Refused, with the
// file's name: a missing file, and what models/safetensors.h refuses.
[[nodiscard]] runtime::Result<Checkpoint> read_checkpoint(const std::filesystem::path& path);
[[nodiscard]] runtime::Result<Checkpoint> parse_checkpoint(std::span<const std::byte> file);

// The tensor of that name; null: there is none of f32.
[[nodiscard]] const NamedTensor* find(const Checkpoint& checkpoint, const std::string& name);

// Puts a checkpoint's tensors into the flat vector. Refused, before anything is written: a tensor
// that is missing, of another shape or type, or that the network does not have.
[[nodiscard]] runtime::Status restore(const Checkpoint& checkpoint,
                                      std::span<const ParameterTensor> tensors,
                                      std::span<float> parameters);

}  // namespace models
