#include "models/datasets/cifar.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "models/datasets/byte_file.h"
#include "models/datasets/pixels.h"
#include "runtime/check.h"

namespace models {
namespace {

namespace fs = std::filesystem;
using runtime::Error;
using runtime::Result;
using runtime::Status;
using Names = std::span<const std::string_view>;
using Bytes = std::span<const std::uint8_t>;

constexpr ImageShape kShape{.height = 32, .width = 32, .channels = 3};
constexpr std::size_t kPlane = 32 * 32;
constexpr std::size_t kImageBytes = 3 * kPlane;
constexpr std::size_t kRecordsMax = 1'000'000;  // of a file; a gzipped one may hold any number
constexpr std::size_t kRecordsAtATime = 256;

struct LabelByte {
  std::string_view name;
  std::size_t classes;
};

// How one of the sets lies in its files.
struct Format {
  std::string_view folder;
  Names train;
  Names test;
  std::span<const LabelByte> labels;  // before each image; the last is the class
  std::array<ChannelMoments, 3> moments;

  [[nodiscard]] std::size_t record_bytes() const { return labels.size() + kImageBytes; }
  [[nodiscard]] std::size_t classes() const { return labels.back().classes; }
};

constexpr std::string_view kTrain10[] = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                                         "data_batch_4.bin", "data_batch_5.bin"};
constexpr std::string_view kTest10[] = {"test_batch.bin"};
constexpr LabelByte kLabels10[] = {{"label", 10}};
constexpr Format kCifar10{
    .folder = "cifar-10-batches-bin",
    .train = kTrain10,
    .test = kTest10,
    .labels = kLabels10,
    .moments = {{{0.4914F, 0.2470F}, {0.4822F, 0.2435F}, {0.4465F, 0.2616F}}}};

constexpr std::string_view kTrain100[] = {"train.bin"};
constexpr std::string_view kTest100[] = {"test.bin"};
constexpr LabelByte kLabels100[] = {{"coarse label", 20}, {"fine label", 100}};
constexpr Format kCifar100{
    .folder = "cifar-100-binary",
    .train = kTrain100,
    .test = kTest100,
    .labels = kLabels100,
    .moments = {{{0.5071F, 0.2673F}, {0.4865F, 0.2564F}, {0.4409F, 0.2762F}}}};

struct LabelledImages {
  std::vector<std::uint8_t> labels;
  std::vector<std::uint8_t> pixels;  // channels last, so that reading a sample is one walk
};

class CifarDataset final : public Dataset {
 public:
  CifarDataset(LabelledImages data, const Format& format)
      : data_(std::move(data)), scale_(format.moments), classes_(format.classes()) {}

  [[nodiscard]] std::size_t size() const override { return data_.labels.size(); }
  [[nodiscard]] ImageShape shape() const override { return kShape; }
  [[nodiscard]] std::size_t classes() const override { return classes_; }
  [[nodiscard]] std::int32_t label(std::size_t index) const override { return data_.labels[index]; }
  void read(std::size_t index, std::span<float> out) const override {
    CHECK(index < size());
    scale_.normalise(Bytes(data_.pixels).subspan(index * kImageBytes, kImageBytes), out);
  }

 private:
  LabelledImages data_;
  RgbScale scale_;
  std::size_t classes_;
};

Status append_record(Bytes record, const Format& format, LabelledImages& data) {
  for (std::size_t i = 0; i < format.labels.size(); ++i)
    if (record[i] >= format.labels[i].classes)
      return Error{fmt::format("expected a {} of 0 to {}, found {}", format.labels[i].name,
                               format.labels[i].classes - 1, record[i])};
  data.labels.push_back(record[format.labels.size() - 1]);
  const Bytes planes = record.last(kImageBytes);
  const std::size_t start = data.pixels.size();
  data.pixels.resize(start + kImageBytes);
  for (std::size_t channel = 0; channel < 3; ++channel)
    for (std::size_t i = 0; i < kPlane; ++i)
      data.pixels[start + 3 * i + channel] = planes[channel * kPlane + i];
  return {};
}

// Appends a file's records to `data`.
Status read_records(const fs::path& path, const Format& format, LabelledImages& data) {
  auto file = ByteFile::open(path);
  if (!file) return file.error();
  const std::size_t record_bytes = format.record_bytes();
  std::vector<std::uint8_t> buffer(kRecordsAtATime * record_bytes);
  std::size_t records = 0;
  std::size_t got_bytes = buffer.size();
  while (got_bytes == buffer.size()) {
    const auto got = file->read(buffer);
    if (!got) return got.error();
    got_bytes = *got;
    for (std::size_t at = 0; at + record_bytes <= got_bytes; at += record_bytes, ++records) {
      const Bytes record = Bytes(buffer).subspan(at, record_bytes);
      if (const Status status = append_record(record, format, data); !status)
        return Error{
            fmt::format("{}: record {}: {}", path.string(), records, status.error().message)};
    }
    if (records > kRecordsMax)
      return Error{fmt::format("{}: holds more than {} records", path.string(), kRecordsMax)};
  }
  if (got_bytes % record_bytes != 0)
    return Error{fmt::format("{}: expected records of {} bytes, found {} of them and {} bytes more",
                             path.string(), record_bytes, records, got_bytes % record_bytes)};
  if (records == 0) return Error{fmt::format("{}: holds no records", path.string())};
  return {};
}

Result<std::unique_ptr<Dataset>> read_files(const fs::path& folder, Names names,
                                            const Format& format) {
  LabelledImages data;
  for (const std::string_view name : names)
    if (const Status status = read_records(find_file(folder, name), format, data); !status)
      return status.error();
  return std::unique_ptr<Dataset>(std::make_unique<CifarDataset>(std::move(data), format));
}

std::vector<std::string_view> missing_files(const fs::path& folder, const Format& format) {
  std::vector<std::string_view> missing;
  for (const Names names : {format.train, format.test})
    std::ranges::copy_if(names, std::back_inserter(missing),
                         [&](auto name) { return find_file(folder, name).empty(); });
  return missing;
}

Result<DataSplit> open_cifar(const fs::path& named, const Format& format) {
  if (named.empty())
    return Error{
        fmt::format("data.path is empty: expected the folder that holds {}", format.train.front())};
  std::error_code ignored;
  if (!fs::is_directory(named, ignored))
    return Error{fmt::format("{}: no such folder", named.string())};
  const fs::path usual = named / format.folder;
  const bool here = !fs::is_directory(usual, ignored) || missing_files(named, format).empty();
  const fs::path& folder = here ? named : usual;
  if (const auto missing = missing_files(folder, format); !missing.empty())
    return Error{fmt::format("{}: expected {} in it, gzipped (.gz) or not", folder.string(),
                             fmt::join(missing, ", "))};
  auto train = read_files(folder, format.train, format);
  if (!train) return train.error();
  auto test = read_files(folder, format.test, format);
  if (!test) return test.error();
  return DataSplit{.train = std::move(train).value(), .test = std::move(test).value()};
}

}  // namespace

Result<DataSplit> open_cifar10(const fs::path& folder) { return open_cifar(folder, kCifar10); }

Result<DataSplit> open_cifar100(const fs::path& folder) { return open_cifar(folder, kCifar100); }

}  // namespace models
