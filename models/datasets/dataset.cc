#include "models/datasets/dataset.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "models/datasets/cifar.h"
#include "models/datasets/glyphs.h"
#include "models/datasets/idx.h"
#include "models/datasets/text.h"
#include "runtime/check.h"

namespace models {
namespace {

constexpr std::array<CatalogEntry, 5> kDatasets{{
    {"glyphs", "ten hand-drawn figures, generated from the seed: 28x28 grey, nothing to download"},
    {"idx", "images and labels in IDX files (MNIST, Fashion-MNIST, ...), gzipped or not"},
    {"cifar10", "CIFAR-10's binary version: 32x32 colour photographs in ten classes"},
    {"cifar100", "CIFAR-100's binary version: the same in a hundred classes"},
    {"text", "a text file, character by character: which comes next"},
}};

// A set cut off behind its first samples.
class FirstSamples final : public Dataset {
 public:
  FirstSamples(std::unique_ptr<Dataset> whole, std::size_t size)
      : whole_(std::move(whole)), size_(size) {}

  [[nodiscard]] std::size_t size() const override { return size_; }
  [[nodiscard]] ImageShape shape() const override { return whole_->shape(); }
  [[nodiscard]] std::size_t classes() const override { return whole_->classes(); }
  [[nodiscard]] std::int32_t label(std::size_t index) const override {
    return whole_->label(index);
  }
  [[nodiscard]] std::size_t targets() const override { return whole_->targets(); }
  [[nodiscard]] std::size_t vocabulary() const override { return whole_->vocabulary(); }
  void read_labels(std::size_t index, std::span<std::int32_t> out) const override {
    CHECK(index < size_);
    whole_->read_labels(index, out);
  }
  void read(std::size_t index, std::span<float> out) const override {
    CHECK(index < size_);
    whole_->read(index, out);
  }

 private:
  std::unique_ptr<Dataset> whole_;
  std::size_t size_;
};

runtime::Result<DataSplit> open_whole(const DataOptions& options) {
  if (options.set == "glyphs") return open_glyphs({.seed = options.seed});
  if (options.set == "idx") return open_idx(options.path);
  if (options.set == "cifar10") return open_cifar10(options.path);
  if (options.set == "cifar100") return open_cifar100(options.path);
  if (options.set == "text") return open_text(options.path, options.context);
  return runtime::Error{fmt::format("unknown data set \"{}\": expected one of {}", options.set,
                                    names_of(known_datasets()))};
}

}  // namespace

std::span<const CatalogEntry> known_datasets() { return kDatasets; }

runtime::Result<DataSplit> open_data(const DataOptions& options) {
  auto split = open_whole(options);
  if (split && options.limit > 0 && options.limit < split->train->size())
    split->train = std::make_unique<FirstSamples>(std::move(split->train), options.limit);
  return split;
}

std::vector<std::int32_t> labels_of(const Dataset& dataset) {
  std::vector<std::int32_t> labels(dataset.size());
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = dataset.label(i);
  return labels;
}

}  // namespace models
