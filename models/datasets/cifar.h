#pragma once
// CIFAR-10 and CIFAR-100 (Krizhevsky 2009), the binary version: records of the labels, a byte each,
// and 32x32 pixels, the red plane first, then green, then blue.

#include <filesystem>

#include "models/datasets/dataset.h"
#include "runtime/result.h"

namespace models {

// Reads data_batch_1.bin to data_batch_5.bin and test_batch.bin, each as it is or gzipped (.gz),
// wholly into memory, from a folder or from cifar-10-batches-bin in it, as the archive unpacks.
// Refused, by name: a missing folder or file, a file that is empty, damaged or no whole number of
// records, a label out of range.
[[nodiscard]] runtime::Result<DataSplit> open_cifar10(const std::filesystem::path& folder);

// The same of train.bin and test.bin, from a folder or from cifar-100-binary in it. Classes are the
// hundred fine labels; the twenty coarse ones are only checked.
[[nodiscard]] runtime::Result<DataSplit> open_cifar100(const std::filesystem::path& folder);

}  // namespace models
