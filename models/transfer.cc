#include "models/transfer.h"

#include <fmt/format.h>

#include <algorithm>

namespace models {

runtime::Result<Transfer> transfer(const Checkpoint& checkpoint,
                                   std::span<const ParameterTensor> tensors,
                                   std::span<float> parameters) {
  Transfer result;
  Checkpoint shared;
  std::vector<ParameterTensor> wanted;
  const auto has = [&](const std::string& name) {
    return std::ranges::find(tensors, name, &ParameterTensor::name) != tensors.end();
  };
  for (const NamedTensor& named : checkpoint.tensors) {
    if (has(named.name))
      shared.tensors.push_back(named);
    else
      result.unused.push_back(named.name);
  }
  for (const OtherTensor& other : checkpoint.others) {
    if (has(other.name))
      shared.others.push_back(other);
    else
      result.unused.push_back(fmt::format("{} ({})", other.name, other.type));
  }
  for (const ParameterTensor& tensor : tensors) {
    const bool found =
        find(shared, tensor.name) != nullptr ||
        std::ranges::find(shared.others, tensor.name, &OtherTensor::name) != shared.others.end();
    if (found) wanted.push_back(tensor);
    (found ? result.used : result.missing).push_back(tensor.name);
  }
  if (wanted.empty())
    return runtime::Error{
        fmt::format("none of its {} tensors has the name of one of the model's, like \"{}\"",
                    checkpoint.tensors.size() + checkpoint.others.size(), tensors.front().name)};
  if (const auto restored = restore(shared, wanted, parameters); !restored) return restored.error();
  return result;
}

}  // namespace models
