// Data sets in IDX files. The first two bytes: how long the images are, little-endian; the rest are
// the labels. Training and test set are the same.
#include <algorithm>

#include "models/datasets/idx.h"
#include "tests/fuzz/input.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes = fuzz::text_of(data + 2, size - 2);
  const std::size_t images = std::min<std::size_t>(data[0] + 256U * data[1], bytes.size());
  for (const std::string set : {"train", "t10k"}) {
    fuzz::write(set + "-images-idx3-ubyte", bytes.substr(0, images));
    fuzz::write(set + "-labels-idx1-ubyte", bytes.substr(images));
  }
  const auto read = models::open_idx(fuzz::folder());
  if (!read) {
    fuzz::expect(!read.error().message.empty());
    return 0;
  }
  fuzz::expect(read->train->size() > 0 && read->train->size() <= size);
  return 0;
}
