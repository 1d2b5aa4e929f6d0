#include "peers/parameter_file.h"

#include <fmt/format.h>

#include <cstdlib>
#include <utility>

#include "models/safetensors.h"
#include "peers/checkpoint_file.h"
#include "peers/seal.h"

namespace peers {

using runtime::Error;
using runtime::Result;

Result<ParameterFile> read_parameters(const std::filesystem::path& path) {
  const auto refusal = [&](const Error& error) {
    return Error{fmt::format("{}: {}", path.string(), error.message)};
  };
  auto bytes = models::read_bytes(path);
  if (!bytes) return bytes.error();
  auto checkpoint = models::parse_checkpoint(*bytes);
  if (!checkpoint) return refusal(checkpoint.error());
  if (const auto whole = check_seal(*bytes, checkpoint->metadata); !whole)
    return refusal(whole.error());
  std::erase_if(checkpoint->tensors, [](const auto& tensor) { return is_state_name(tensor.name); });
  std::erase_if(checkpoint->others, [](const auto& tensor) { return is_state_name(tensor.name); });
  ParameterFile file{std::move(checkpoint).value(), {}};
  const auto weight = file.checkpoint.metadata.find("weight");
  if (weight != file.checkpoint.metadata.end())
    file.weight = std::strtod(weight->second.c_str(), nullptr);
  return file;
}

}  // namespace peers
