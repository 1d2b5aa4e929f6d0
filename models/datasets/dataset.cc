#include "models/datasets/dataset.h"

#include <fmt/format.h>

#include <array>

#include "models/datasets/glyphs.h"
#include "models/datasets/idx.h"

namespace models {
namespace {

constexpr std::array<CatalogEntry, 2> kDatasets{{
    {"glyphs", "ten hand-drawn figures, generated from the seed: 28x28 grey, nothing to download"},
    {"idx", "images and labels in IDX files (MNIST, Fashion-MNIST, ...), gzipped or not"},
}};

}  // namespace

std::span<const CatalogEntry> known_datasets() { return kDatasets; }

runtime::Result<DataSplit> open_data(const DataOptions& options) {
  if (options.set == "glyphs") return open_glyphs({.seed = options.seed});
  if (options.set == "idx") return open_idx(options.path);
  return runtime::Error{fmt::format("unknown data set \"{}\": expected one of {}", options.set,
                                    names_of(known_datasets()))};
}

std::vector<std::int32_t> labels_of(const Dataset& dataset) {
  std::vector<std::int32_t> labels(dataset.size());
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = dataset.label(i);
  return labels;
}

}  // namespace models
