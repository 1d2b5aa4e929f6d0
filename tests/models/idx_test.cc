#include "models/datasets/idx.h"

#include <fmt/format.h>

#include <map>
#include <string>
#include <vector>

#include "tests/models/scratch_folder.h"
#include "tests/models/zipped.h"
#include "tests/support/catch.h"

namespace {

using Files = std::map<std::string, std::string>;

constexpr const char* kTrainImages = "train-images-idx3-ubyte";
constexpr const char* kTrainLabels = "train-labels-idx1-ubyte";
constexpr const char* kTestImages = "t10k-images-idx3-ubyte";
constexpr const char* kTestLabels = "t10k-labels-idx1-ubyte";

std::string number(std::uint32_t value) {
  std::string bytes;
  for (unsigned shift = 32; shift > 0; shift -= 8)
    bytes += static_cast<char>((value >> (shift - 8)) & 255U);
  return bytes;
}

// Images of 2 x 3 pixels that count up through the set.
std::string images(std::uint32_t count) {
  std::string bytes = number(0x803) + number(count) + number(2) + number(3);
  for (std::uint32_t i = 0; i < 6 * count; ++i) bytes += static_cast<char>(i);
  return bytes;
}

std::string labels(const std::string& values) {
  return number(0x801) + number(static_cast<std::uint32_t>(values.size())) + values;
}

Files good_files() {
  return {{kTrainImages, images(4)},
          {kTrainLabels, labels({0, 1, 2, 1})},
          {kTestImages, images(2)},
          {kTestLabels, labels({2, 0})}};
}

void write(const ScratchFolder& folder, const Files& files) {
  for (const auto& [name, bytes] : files) folder.write(name, bytes);
}

// What opening says of good files, one of them replaced. It must name the file.
std::string refusal(const std::string& name, const std::string& bytes) {
  const ScratchFolder folder;
  Files files = good_files();
  files[name] = bytes;
  write(folder, files);
  const auto split = models::open_idx(folder.path());
  REQUIRE_FALSE(split.ok());
  INFO(split.error().message);
  CHECK(split.error().message.find(name) != std::string::npos);
  return split.error().message;
}

bool says(const std::string& message, const std::string& words) {
  INFO(message);
  return message.find(words) != std::string::npos;
}

void check_good(const models::DataSplit& split) {
  CHECK(split.train->size() == 4);
  CHECK(split.test->size() == 2);
  CHECK(split.train->classes() == 3);
  CHECK(split.test->classes() == 3);
  CHECK(split.train->shape() == models::ImageShape{.height = 2, .width = 3, .channels = 1});
  CHECK(models::labels_of(*split.train) == std::vector<std::int32_t>{0, 1, 2, 1});
  CHECK(models::labels_of(*split.test) == std::vector<std::int32_t>{2, 0});
  std::vector<float> pixels(6);
  split.train->read(1, pixels);
  for (std::size_t i = 0; i < 6; ++i)
    CHECK(pixels[i] == Approx((static_cast<double>(6 + i) / 255.0 - 0.13) / 0.6));
}

}  // namespace

TEST_CASE("IDX files are read as they are") {
  const ScratchFolder folder;
  write(folder, good_files());
  const auto split = models::open_idx(folder.path());
  REQUIRE(split.ok());
  check_good(*split);
}

TEST_CASE("gzipped IDX files read the same") {
  const ScratchFolder folder;
  for (const auto& [name, bytes] : good_files()) folder.write(name + ".gz", zipped(folder, bytes));
  const auto split = models::open_data({.set = "idx", .path = folder.path(), .seed = 0});
  REQUIRE(split.ok());
  check_good(*split);
}

TEST_CASE("a missing folder is refused by name") {
  const auto split = models::open_idx("no/such/folder");
  REQUIRE_FALSE(split.ok());
  CHECK(says(split.error().message, "no/such/folder: no such folder"));
}

TEST_CASE("no folder at all is refused with the key that names it") {
  const auto split = models::open_idx("");
  REQUIRE_FALSE(split.ok());
  CHECK(says(split.error().message, "data.path is empty"));
}

TEST_CASE("each missing IDX file is refused by name") {
  for (const auto& [name, bytes] : good_files()) {
    const ScratchFolder folder;
    Files files = good_files();
    files.erase(name);
    write(folder, files);
    const auto split = models::open_idx(folder.path());
    REQUIRE_FALSE(split.ok());
    CHECK(says(split.error().message, folder.path().string()));
    CHECK(says(split.error().message, fmt::format("{0} or {0}.gz", name)));
  }
}

TEST_CASE("an IDX file of another kind is refused with both magic numbers") {
  CHECK(says(refusal(kTrainImages, labels({1, 2, 3, 4, 5, 6, 7, 8})),
             "expected an IDX file that begins with 0x00000803, found 0x00000801"));
  CHECK(says(refusal(kTestLabels, "<!DOCTYPE html>"), "found 0x3c21444f"));
}

TEST_CASE("an IDX file that ends in its header is refused") {
  CHECK(says(refusal(kTrainLabels, ""), "header of 8 bytes, the file ends after 0"));
  CHECK(says(refusal(kTrainImages, images(4).substr(0, 11)), "ends after 11"));
}

TEST_CASE("an IDX file that is too short or too long is refused with both lengths") {
  const std::string good = images(4);
  CHECK(says(refusal(kTrainImages, good.substr(0, good.size() - 1)),
             "expected 24 bytes after the header, found 23"));
  CHECK(says(refusal(kTrainImages, good.substr(0, 16)), "found 0"));
  CHECK(says(refusal(kTrainImages, good + "x"), "expected 24 bytes after the header, found more"));
}

TEST_CASE("absurd IDX sizes are refused before memory is taken for them") {
  const std::string magic = number(0x803);
  CHECK(says(refusal(kTrainImages, magic + number(1) + number(0xffffffff) + number(2)),
             "1 to 4096 pixels a side, the header says 4294967295"));
  CHECK(
      says(refusal(kTrainImages, magic + number(1) + number(0) + number(2)), "the header says 0"));
  CHECK(says(refusal(kTrainImages, magic + number(0xffffffff) + number(4096) + number(4096)),
             "bytes, at most"));
  CHECK(says(refusal(kTrainImages, magic + number(100'000) + number(100) + number(100)),
             "expected 1000000000 bytes after the header, found 0"));
  CHECK(says(refusal(kTrainImages, magic + number(0) + number(2) + number(3)), "holds no items"));
}

TEST_CASE("an unequal number of images and labels is refused with both") {
  const std::string message = refusal(kTrainLabels, labels({0, 1, 2}));
  CHECK(says(message, "3 labels, but "));
  CHECK(says(message, "has 4 images"));
}

TEST_CASE("a test label that training does not have is refused with its place") {
  CHECK(says(refusal(kTestLabels, labels({0, 3})),
             "expected labels of 0 to 2 as in training, item 1 has 3"));
}

TEST_CASE("test images of another size are refused") {
  const std::string other =
      number(0x803) + number(2) + number(3) + number(2) + std::string(12, 'x');
  CHECK(says(refusal(kTestImages, other), "expected images of 2x3 as in training, found 3x2"));
}

TEST_CASE("a damaged or truncated gzip file is refused by name") {
  const ScratchFolder folder;
  const std::string whole = zipped(folder, images(4));
  Files files = good_files();
  files.erase(kTrainImages);
  write(folder, files);
  std::string damaged = whole;
  damaged[damaged.size() - 6] = static_cast<char>(damaged[damaged.size() - 6] ^ 1);  // checksum
  for (const std::string& bytes : {whole.substr(0, whole.size() / 2), damaged}) {
    folder.write(std::string(kTrainImages) + ".gz", bytes);
    const auto split = models::open_idx(folder.path());
    REQUIRE_FALSE(split.ok());
    CHECK(says(split.error().message, std::string(kTrainImages) + ".gz: cannot be read"));
  }
}

TEST_CASE("an unknown data set is refused with the known ones") {
  const auto split = models::open_data({.set = "imagenet", .path = {}, .seed = 0});
  REQUIRE_FALSE(split.ok());
  CHECK(
      says(split.error().message, "\"imagenet\": expected one of glyphs, idx, cifar10, cifar100"));
}
