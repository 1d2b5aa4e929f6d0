#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "models/catalog.h"
#include "models/image_shape.h"
#include "runtime/result.h"

namespace models {

// Labelled samples: images, or texts as the numbers of their tokens. Immutable: every call may come
// from any thread, at any time.
class Dataset {
 public:
  Dataset() = default;
  virtual ~Dataset() = default;
  Dataset(const Dataset&) = delete;
  Dataset& operator=(const Dataset&) = delete;

  [[nodiscard]] virtual std::size_t size() const = 0;
  [[nodiscard]] virtual ImageShape shape() const = 0;
  [[nodiscard]] virtual std::size_t classes() const = 0;
  // The label, or the first of several. Cheap; < classes().
  [[nodiscard]] virtual std::int32_t label(std::size_t index) const = 0;

  // Labels of a sample: one, or one for each place of it (what comes behind each token).
  [[nodiscard]] virtual std::size_t targets() const { return 1; }
  // All of them; `out` is targets() long.
  virtual void read_labels(std::size_t index, std::span<std::int32_t> out) const {
    out[0] = label(index);
  }
  // Samples are token numbers below this; 0: they are pixels.
  [[nodiscard]] virtual std::size_t vocabulary() const { return 0; }

  // Normalised pixels, height by width by channels, or tokens. `out` is shape().count() long.
  virtual void read(std::size_t index, std::span<float> out) const = 0;
};

struct DataOptions {
  std::string set = "glyphs";
  std::filesystem::path path;  // of sets that are files
  std::uint64_t seed = 0;      // of sets that are generated
  std::size_t limit = 0;       // at most so many training samples, the first; 0: all
  std::size_t context = 64;    // of texts: characters of a sample, at least 1
};

struct DataSplit {
  std::unique_ptr<Dataset> train;
  std::unique_ptr<Dataset> test;
};

[[nodiscard]] std::span<const CatalogEntry> known_datasets();

// Refused: an unknown set, and whatever is wrong with its files, by name.
[[nodiscard]] runtime::Result<DataSplit> open_data(const DataOptions& options);

[[nodiscard]] std::vector<std::int32_t> labels_of(const Dataset& dataset);

}  // namespace models
