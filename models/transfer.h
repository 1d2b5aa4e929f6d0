#pragma once
// Starting from what another network has learned: tensors go by their names, and need not be all.

#include <span>
#include <string>
#include <vector>

#include "models/checkpoint.h"
#include "models/parameter_tensor.h"
#include "runtime/result.h"

namespace models {

// Names, in the order of the network or of the file.
struct Transfer {
  std::vector<std::string> used;     // in both: the network has the file's numbers
  std::vector<std::string> missing;  // the network's alone: they keep what they had
  std::vector<std::string> unused;   // the file's alone, those that are not F32 with their type
};

// Puts those of a checkpoint's tensors that the network has into the flat vector. Refused, before
// anything is written: a tensor of both whose shapes or types differ, and a file that shares no
// name with the network, which would be a start from nothing without a word.
[[nodiscard]] runtime::Result<Transfer> transfer(const Checkpoint& checkpoint,
                                                 std::span<const ParameterTensor> tensors,
                                                 std::span<float> parameters);

}  // namespace models
