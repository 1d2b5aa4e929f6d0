#include "models/datasets/cifar.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "tests/models/scratch_folder.h"
#include "tests/models/zipped.h"
#include "tests/support/catch.h"

namespace {

namespace fs = std::filesystem;
using Files = std::map<std::string, std::string>;
using Open = runtime::Result<models::DataSplit> (*)(const fs::path&);

constexpr std::size_t kPlane = 32 * 32;

// An image whose values differ between planes, rows, columns and images.
unsigned char value(std::size_t image, std::size_t channel, std::size_t y, std::size_t x) {
  return static_cast<unsigned char>(7 * image + 85 * channel + 5 * y + x);
}

std::string record(const std::string& labels, std::size_t image) {
  std::string bytes = labels;
  for (std::size_t channel = 0; channel < 3; ++channel)
    for (std::size_t i = 0; i < kPlane; ++i)
      bytes += static_cast<char>(value(image, channel, i / 32, i % 32));
  return bytes;
}

std::string label(int value) { return {static_cast<char>(value)}; }
std::string labels(int coarse, int fine) { return label(coarse) + label(fine); }

// Two records in the first batch, one in each other: images 0 to 5.
Files cifar10_files() {
  return {{"data_batch_1.bin", record(label(3), 0) + record(label(9), 1)},
          {"data_batch_2.bin", record(label(0), 2)},
          {"data_batch_3.bin", record(label(1), 3)},
          {"data_batch_4.bin", record(label(2), 4)},
          {"data_batch_5.bin", record(label(8), 5)},
          {"test_batch.bin", record(label(7), 6)}};
}

Files cifar100_files() {
  return {{"train.bin", record(labels(19, 99), 0) + record(labels(0, 42), 1)},
          {"test.bin", record(labels(5, 0), 2)}};
}

void write(const fs::path& folder, const Files& files) {
  fs::create_directories(folder);
  for (const auto& [name, bytes] : files) std::ofstream(folder / name, std::ios::binary) << bytes;
}

std::string refusal(const Files& files, Open open) {
  const ScratchFolder folder;
  write(folder.path(), files);
  const auto split = open(folder.path());
  REQUIRE_FALSE(split.ok());
  const std::string& message = split.error().message;
  REQUIRE_THAT(message, Catch::StartsWith(folder.path().string()));
  return message.substr(folder.path().string().size());
}

// What opening says of good files, one of them replaced.
std::string refusal10(const std::string& name, const std::string& bytes) {
  Files files = cifar10_files();
  files[name] = bytes;
  return refusal(files, models::open_cifar10);
}

// Sample `index` is image `image`, channels last, with the set's moments.
void check_image(const models::Dataset& dataset, std::size_t index, std::size_t image,
                 const double (&moments)[3][2]) {
  std::vector<float> pixels(3 * kPlane);
  dataset.read(index, pixels);
  std::vector<float> expected;
  for (std::size_t y = 0; y < 32; ++y)
    for (std::size_t x = 0; x < 32; ++x)
      for (std::size_t channel = 0; channel < 3; ++channel) {
        const auto [mean, deviation] = moments[channel];
        expected.push_back(
            static_cast<float>((value(image, channel, y, x) / 255.0 - mean) / deviation));
      }
  const auto near = [](float a, float b) { return a == Approx(b).margin(1e-6); };
  CHECK(std::ranges::equal(pixels, expected, near));
}

constexpr double kMoments10[3][2] = {{0.4914, 0.2470}, {0.4822, 0.2435}, {0.4465, 0.2616}};
constexpr double kMoments100[3][2] = {{0.5071, 0.2673}, {0.4865, 0.2564}, {0.4409, 0.2762}};

void check_good10(const models::DataSplit& split) {
  CHECK(models::labels_of(*split.train) == std::vector<std::int32_t>{3, 9, 0, 1, 2, 8});
  CHECK(models::labels_of(*split.test) == std::vector<std::int32_t>{7});
  CHECK(split.train->shape() == models::ImageShape{.height = 32, .width = 32, .channels = 3});
  CHECK(split.train->classes() == 10);
  CHECK(split.test->classes() == 10);
  for (std::size_t i = 0; i < 6; ++i) check_image(*split.train, i, i, kMoments10);
  check_image(*split.test, 0, 6, kMoments10);
}

}  // namespace

TEST_CASE("CIFAR-10's planes are read as normalised images, channels last, batch after batch") {
  const ScratchFolder folder;
  write(folder.path(), cifar10_files());
  const auto split = models::open_data({.set = "cifar10", .path = folder.path()});
  REQUIRE(split.ok());
  check_good10(*split);
}

TEST_CASE("CIFAR-100's class is the fine label") {
  const ScratchFolder folder;
  write(folder.path(), cifar100_files());
  const auto split = models::open_data({.set = "cifar100", .path = folder.path()});
  REQUIRE(split.ok());
  CHECK(models::labels_of(*split->train) == std::vector<std::int32_t>{99, 42});
  CHECK(models::labels_of(*split->test) == std::vector<std::int32_t>{0});
  CHECK(split->test->classes() == 100);
  check_image(*split->train, 1, 1, kMoments100);
}

TEST_CASE("gzipped CIFAR files read the same, also among plain ones") {
  const ScratchFolder folder;
  Files files = cifar10_files();
  for (const auto& [name, bytes] : cifar10_files()) {
    if (name == "data_batch_2.bin") continue;
    files[name + ".gz"] = zipped(folder, bytes);
    files.erase(name);
  }
  write(folder.path(), files);
  const auto split = models::open_cifar10(folder.path());
  REQUIRE(split.ok());
  check_good10(*split);
}

TEST_CASE("CIFAR is found in the folder that its archive unpacks to") {
  const ScratchFolder folder;
  write(folder.path() / "cifar-10-batches-bin", cifar10_files());
  write(folder.path() / "cifar-100-binary", cifar100_files());
  const auto split = models::open_cifar10(folder.path());
  REQUIRE(split.ok());
  check_good10(*split);
  CHECK(models::open_cifar100(folder.path()).ok());
}

TEST_CASE("files in the folder itself win over an archive's folder that is not whole") {
  const ScratchFolder folder;
  write(folder.path(), cifar10_files());
  write(folder.path() / "cifar-10-batches-bin", {});
  CHECK(models::open_cifar10(folder.path()).ok());
}

TEST_CASE("a missing CIFAR folder is refused by name, none at all by the key") {
  const auto missing = models::open_cifar10("no/such/folder");
  REQUIRE_FALSE(missing.ok());
  CHECK(missing.error().message == "no/such/folder: no such folder");
  const auto empty = models::open_cifar100("");
  REQUIRE_FALSE(empty.ok());
  CHECK(empty.error().message == "data.path is empty: expected the folder that holds train.bin");
}

TEST_CASE("missing CIFAR files are refused, all of them by name") {
  Files files = cifar10_files();
  files.erase("data_batch_3.bin");
  CHECK(refusal(files, models::open_cifar10) ==
        ": expected data_batch_3.bin in it, gzipped (.gz) or not");
  files.erase("test_batch.bin");
  CHECK(refusal(files, models::open_cifar10) ==
        ": expected data_batch_3.bin, test_batch.bin in it, gzipped (.gz) or not");
  CHECK(refusal(files, models::open_cifar100) ==
        ": expected train.bin, test.bin in it, gzipped (.gz) or not");
}

TEST_CASE("an empty or truncated CIFAR file is refused by name") {
  CHECK(refusal10("data_batch_4.bin", "") == "/data_batch_4.bin: holds no records");
  const std::string good = record(label(1), 0);
  CHECK(refusal10("test_batch.bin", good.substr(1)) ==
        "/test_batch.bin: expected records of 3073 bytes, found 0 of them and 3072 bytes more");
  CHECK(refusal10("data_batch_1.bin", good + good + "xy") ==
        "/data_batch_1.bin: expected records of 3073 bytes, found 2 of them and 2 bytes more");
  Files files = cifar100_files();
  files["test.bin"] = record(label(1), 0);  // of the other set
  CHECK(refusal(files, models::open_cifar100) ==
        "/test.bin: expected records of 3074 bytes, found 0 of them and 3073 bytes more");
}

TEST_CASE("a CIFAR file of more records than are read at a time is read to its end") {
  Files files = cifar10_files();
  std::string& batch = files["data_batch_5.bin"];
  batch.clear();
  for (std::size_t i = 0; i < 600; ++i) batch += record(label(static_cast<int>(i % 10)), i);
  const ScratchFolder folder;
  write(folder.path(), files);
  const auto split = models::open_cifar10(folder.path());
  REQUIRE(split.ok());
  REQUIRE(split->train->size() == 605);
  check_image(*split->train, 604, 599, kMoments10);
  batch[3073 * 300] = 10;
  CHECK_THAT(refusal(files, models::open_cifar10), Catch::Contains("record 300: "));
}

TEST_CASE("a CIFAR label out of range is refused with its record") {
  CHECK(refusal10("data_batch_1.bin", record(label(9), 0) + record(label(10), 1)) ==
        "/data_batch_1.bin: record 1: expected a label of 0 to 9, found 10");
  CHECK(refusal10("test_batch.bin", record(label(255), 0)) ==
        "/test_batch.bin: record 0: expected a label of 0 to 9, found 255");
  Files files = cifar100_files();
  files["train.bin"] = record(labels(19, 100), 0);
  CHECK(refusal(files, models::open_cifar100) ==
        "/train.bin: record 0: expected a fine label of 0 to 99, found 100");
  files["train.bin"] = record(labels(20, 99), 0);
  CHECK(refusal(files, models::open_cifar100) ==
        "/train.bin: record 0: expected a coarse label of 0 to 19, found 20");
}

TEST_CASE("a damaged gzipped CIFAR file is refused by name") {
  const ScratchFolder folder;
  Files files = cifar10_files();
  const std::string whole = zipped(folder, files["data_batch_2.bin"]);
  files.erase("data_batch_2.bin");
  files["data_batch_2.bin.gz"] = whole.substr(0, whole.size() / 2);
  CHECK_THAT(refusal(files, models::open_cifar10),
             Catch::StartsWith("/data_batch_2.bin.gz: cannot be read"));
}
