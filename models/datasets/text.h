#pragma once
// A text as a data set: from each run of characters, the characters that come next.

#include <cstddef>
#include <filesystem>

#include "models/datasets/dataset.h"
#include "runtime/result.h"

namespace models {

// A file of UTF-8, gzipped or not. Tokens are its different characters (code points), numbered in
// their order; a sample is `context` characters in a row, its labels the same run one character on.
// Samples lie end to end and share no label; the last tenth of the text is the test set. Refused,
// by name: a file that is missing, is no file or cannot be read, is empty, is not UTF-8, has one
// character over and over, or is too short for a sample in each set.
[[nodiscard]] runtime::Result<DataSplit> open_text(const std::filesystem::path& file,
                                                   std::size_t context);

}  // namespace models
