#pragma once
// IDX files, the format of MNIST: a big-endian header (0, 0, element type, dimensions; then each
// dimension's size), then the elements.

#include <filesystem>

#include "models/datasets/dataset.h"
#include "runtime/result.h"

namespace models {

// Reads train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and
// t10k-labels-idx1-ubyte from a folder, each as it is or gzipped (.gz), wholly into memory. Classes
// are the training labels' largest plus one. Refused, with the file's name, what was expected and
// what was found: a missing folder or file, a wrong magic number, impossible sizes, a file shorter
// or longer than its header says, damaged compression, unequal numbers of images and labels, test
// images of another size, test labels that training does not know.
[[nodiscard]] runtime::Result<DataSplit> open_idx(const std::filesystem::path& folder);

}  // namespace models
