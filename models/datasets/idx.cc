#include "models/datasets/idx.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "models/datasets/byte_file.h"
#include "models/datasets/pixels.h"
#include "runtime/check.h"

namespace models {
namespace {

namespace fs = std::filesystem;
using runtime::Error;
using runtime::Result;
using runtime::Status;

// What a header may claim. Memory is taken as bytes arrive, so a lie below these costs nothing.
constexpr std::size_t kSideMax = 4096;
constexpr std::size_t kBytesMax = std::size_t{1} << 32U;
constexpr std::size_t kChunkBytes = std::size_t{1} << 20U;

struct IdxFile {
  fs::path path;
  std::vector<std::size_t> sizes;  // of each dimension, the number of items first
  std::vector<std::uint8_t> elements;
};

struct LabelledImages {
  IdxFile images;
  IdxFile labels;
};

class IdxDataset final : public Dataset {
 public:
  IdxDataset(LabelledImages data, std::size_t classes)
      : data_(std::move(data)),
        shape_{.height = data_.images.sizes[1], .width = data_.images.sizes[2], .channels = 1},
        classes_(classes) {}

  [[nodiscard]] std::size_t size() const override { return data_.labels.elements.size(); }
  [[nodiscard]] ImageShape shape() const override { return shape_; }
  [[nodiscard]] std::size_t classes() const override { return classes_; }
  [[nodiscard]] std::int32_t label(std::size_t index) const override {
    return data_.labels.elements[index];
  }
  void read(std::size_t index, std::span<float> out) const override {
    CHECK(index < size());
    const std::size_t pixels = shape_.count();
    normalise(std::span(data_.images.elements).subspan(index * pixels, pixels), out);
  }

 private:
  LabelledImages data_;
  ImageShape shape_;
  std::size_t classes_;
};

std::size_t big_endian(std::span<const std::uint8_t> bytes) {
  std::size_t value = 0;
  for (const std::uint8_t byte : bytes) value = (value << 8U) | byte;
  return value;
}

// Magic number and sizes, of unsigned bytes in `dimensions` dimensions.
Status read_header(ByteFile& file, std::size_t dimensions, IdxFile& idx) {
  std::array<std::uint8_t, 16> bytes{};
  const std::span<std::uint8_t> header = std::span(bytes).first(4 + 4 * dimensions);
  const auto got = file.read(header);
  if (!got) return got.error();
  const std::string name = idx.path.string();
  const std::size_t magic = 0x800 + dimensions;
  if (*got >= 4 && big_endian(header.first(4)) != magic)
    return Error{fmt::format("{}: expected an IDX file that begins with 0x{:08x}, found 0x{:08x}",
                             name, magic, big_endian(header.first(4)))};
  if (*got < header.size())
    return Error{fmt::format("{}: expected an IDX header of {} bytes, the file ends after {}", name,
                             header.size(), *got)};
  for (std::size_t i = 0; i < dimensions; ++i)
    idx.sizes.push_back(big_endian(header.subspan(4 + 4 * i, 4)));
  for (std::size_t i = 1; i < dimensions; ++i)
    if (idx.sizes[i] == 0 || idx.sizes[i] > kSideMax)
      return Error{fmt::format("{}: expected images of 1 to {} pixels a side, the header says {}",
                               name, kSideMax, idx.sizes[i])};
  if (idx.sizes[0] == 0) return Error{fmt::format("{}: holds no items", name)};
  return {};
}

Status read_elements(ByteFile& file, IdxFile& idx) {
  std::size_t expected = 1;
  for (const std::size_t size : idx.sizes) expected *= size;  // < 2^32 * 2^12 * 2^12
  if (expected > kBytesMax)
    return Error{fmt::format("{}: the header says {} bytes, at most {} are read", idx.path.string(),
                             expected, kBytesMax)};
  std::size_t found = 0;
  while (found <= expected) {  // one more than expected, to see that there is no more
    idx.elements.resize(std::min(found + kChunkBytes, expected + 1));
    const auto got = file.read(std::span(idx.elements).subspan(found));
    if (!got) return got.error();
    if (*got == 0) break;
    found += *got;
  }
  if (found != expected)
    return Error{fmt::format("{}: expected {} bytes after the header, found {}", idx.path.string(),
                             expected, found > expected ? "more" : std::to_string(found))};
  idx.elements.resize(expected);
  return {};
}

Result<IdxFile> read_idx(const fs::path& folder, std::string_view name, std::size_t dimensions) {
  IdxFile idx{.path = find_file(folder, name), .sizes = {}, .elements = {}};
  if (idx.path.empty())
    return Error{
        fmt::format("{}: expected {} or {}.gz in it, found neither", folder.string(), name, name)};
  auto file = ByteFile::open(idx.path);
  if (!file) return file.error();
  if (const Status status = read_header(*file, dimensions, idx); !status) return status.error();
  if (const Status status = read_elements(*file, idx); !status) return status.error();
  return idx;
}

Result<LabelledImages> read_pair(const fs::path& folder, const std::string& prefix) {
  auto images = read_idx(folder, prefix + "-images-idx3-ubyte", 3);
  if (!images) return images.error();
  auto labels = read_idx(folder, prefix + "-labels-idx1-ubyte", 1);
  if (!labels) return labels.error();
  if (labels->sizes[0] != images->sizes[0])
    return Error{fmt::format("{}: {} labels, but {} has {} images", labels->path.string(),
                             labels->sizes[0], images->path.string(), images->sizes[0])};
  return LabelledImages{std::move(images).value(), std::move(labels).value()};
}

// What is right in each pair but wrong in the two together.
Status compare(const LabelledImages& train, const LabelledImages& test, std::size_t classes) {
  const auto& a = train.images.sizes;
  const auto& b = test.images.sizes;
  if (a[1] != b[1] || a[2] != b[2])
    return Error{fmt::format("{}: expected images of {}x{} as in training, found {}x{}",
                             test.images.path.string(), a[1], a[2], b[1], b[2])};
  const auto& labels = test.labels.elements;
  const auto unknown = std::ranges::find_if(labels, [&](auto label) { return label >= classes; });
  if (unknown != labels.end())
    return Error{fmt::format("{}: expected labels of 0 to {} as in training, item {} has {}",
                             test.labels.path.string(), classes - 1, unknown - labels.begin(),
                             *unknown)};
  return {};
}

}  // namespace

runtime::Result<DataSplit> open_idx(const fs::path& folder) {
  if (folder.empty())
    return Error{"data.path is empty: expected the folder that holds train-images-idx3-ubyte"};
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored))
    return Error{fmt::format("{}: no such folder", folder.string())};
  auto train = read_pair(folder, "train");
  if (!train) return train.error();
  auto test = read_pair(folder, "t10k");
  if (!test) return test.error();
  const std::size_t classes = std::size_t{1} + *std::ranges::max_element(train->labels.elements);
  if (const Status status = compare(*train, *test, classes); !status) return status.error();
  DataSplit split;
  split.train = std::make_unique<IdxDataset>(std::move(train).value(), classes);
  split.test = std::make_unique<IdxDataset>(std::move(test).value(), classes);
  return split;
}

}  // namespace models
