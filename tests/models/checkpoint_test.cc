#include "models/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <numeric>
#include <set>

#include "tests/models/scratch_folder.h"
#include "tests/support/catch.h"

namespace {

namespace fs = std::filesystem;
using models::Checkpoint;
using models::Order;
using models::ParameterTensor;

// A convolution of 3 2x2 kernels over 2 channels, and a dense layer over a 1x2 image of 3 channels.
std::vector<ParameterTensor> tensors() {
  return {
      {.name = "conv1.weight",
       .shape = {3, 2, 2, 2},
       .offset = 0,
       .count = 24,
       .storage = {.order = Order::kConv, .image = {}}},
      {.name = "conv1.bias", .shape = {3}, .offset = 24, .count = 3, .storage = {}},
      {.name = "fc1.weight",
       .shape = {2, 6},
       .offset = 27,
       .count = 12,
       .storage = {.order = Order::kFlattened, .image = {.height = 1, .width = 2, .channels = 3}}}};
}

std::vector<float> counting(std::size_t count) {
  std::vector<float> values(count);
  std::iota(values.begin(), values.end(), 0.5F);
  return values;
}

std::string file_of(const std::string& json, std::size_t data_bytes) {
  std::uint64_t length = json.size();
  std::string bytes(sizeof length, ' ');
  std::memcpy(bytes.data(), &length, sizeof length);
  return bytes + json + std::string(data_bytes, '\0');
}

std::string refusal(const std::string& bytes) {
  const ScratchFolder folder;
  const fs::path path = folder.write("bad.safetensors", bytes);
  const auto checkpoint = models::read_checkpoint(path);
  REQUIRE_FALSE(checkpoint.ok());
  const std::string prefix = path.string() + ": ";
  REQUIRE(checkpoint.error().message.find(prefix) == 0);
  return checkpoint.error().message.substr(prefix.size());
}

std::string tensor_json(const std::string& name, const std::string& shape,
                        const std::string& offsets, const std::string& type = "F32") {
  return fmt::format(R"("{}":{{"dtype":"{}","shape":{},"data_offsets":{}}})", name, type, shape,
                     offsets);
}

std::string in_braces(const std::string& fields) { return fmt::format("{{{}}}", fields); }

Checkpoint written_and_read(const ScratchFolder& folder) {
  const fs::path path = folder.path() / "model.safetensors";
  REQUIRE(models::write_checkpoint(path, tensors(), counting(39), {{"step", "7"}}).ok());
  const auto checkpoint = models::read_checkpoint(path);
  REQUIRE(checkpoint.ok());
  return *checkpoint;
}

}  // namespace

TEST_CASE("what is written is read, under the same names and shapes") {
  const ScratchFolder folder;
  const Checkpoint checkpoint = written_and_read(folder);
  CHECK(checkpoint.metadata == std::map<std::string, std::string>{{"step", "7"}});
  REQUIRE(checkpoint.tensors.size() == 3);
  CHECK(checkpoint.tensors[0].name == "conv1.weight");
  CHECK(checkpoint.tensors[0].shape == std::vector<std::size_t>{3, 2, 2, 2});
  CHECK(checkpoint.tensors[1].values == std::vector<float>{24.5F, 25.5F, 26.5F});
  std::vector<float> restored(39, -1.0F);
  REQUIRE(models::restore(checkpoint, tensors(), restored).ok());
  CHECK(restored == counting(39));
}

TEST_CASE("tensors are written in the order of elements that PyTorch has") {
  const ScratchFolder folder;
  const Checkpoint checkpoint = written_and_read(folder);
  const auto& conv = checkpoint.tensors[0].values;
  for (std::size_t o = 0; o < 3; ++o)
    for (std::size_t c = 0; c < 2; ++c)
      for (std::size_t y = 0; y < 2; ++y)
        for (std::size_t x = 0; x < 2; ++x)
          CHECK(conv[((o * 2 + c) * 2 + y) * 2 + x] ==
                static_cast<float>(((o * 2 + y) * 2 + x) * 2 + c) + 0.5F);
  const auto& dense = checkpoint.tensors[2].values;
  for (std::size_t o = 0; o < 2; ++o)
    for (std::size_t c = 0; c < 3; ++c)
      for (std::size_t x = 0; x < 2; ++x)
        CHECK(dense[o * 6 + c * 2 + x] == static_cast<float>(27 + o * 6 + x * 3 + c) + 0.5F);
}

TEST_CASE("the order of elements is a bijection for every tensor") {
  for (const ParameterTensor& tensor : tensors()) {
    std::set<std::size_t> seen;
    for (std::size_t i = 0; i < tensor.count; ++i) seen.insert(models::stored_index(tensor, i));
    CHECK(seen.size() == tensor.count);
    CHECK(*seen.rbegin() == tensor.count - 1);
  }
}

TEST_CASE("a checkpoint replaces the one before and leaves nothing else behind") {
  const ScratchFolder folder;
  folder.write("model.safetensors", "the one before");
  written_and_read(folder);
  CHECK(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()) == 1);
}

TEST_CASE("the data of a checkpoint begin at a multiple of eight bytes") {
  const ScratchFolder folder;
  written_and_read(folder);
  const std::string bytes = contents(folder.path() / "model.safetensors");
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), sizeof length);
  CHECK(length % 8 == 0);
  CHECK(bytes.size() == 8 + length + 39 * 4);
}

TEST_CASE("a folder that is not there or not a folder is refused by name") {
  const ScratchFolder folder;
  folder.write("file", "");
  for (const char* name : {"none/model", "file/model"}) {
    const auto status = models::write_checkpoint(folder.path() / name, tensors(), counting(39), {});
    REQUIRE_FALSE(status.ok());
    CHECK(status.error().message.find(name) != std::string::npos);
  }
}

TEST_CASE("a missing checkpoint is refused by name") {
  const auto checkpoint = models::read_checkpoint("no/such/model.safetensors");
  REQUIRE_FALSE(checkpoint.ok());
  CHECK(checkpoint.error().message.find("no/such/model.safetensors: ") == 0);
}

TEST_CASE("a file whose header is longer than it is refused") {
  CHECK(refusal("") == "expected a header length of 8 bytes, the file has 0");
  CHECK(refusal("1234567") == "expected a header length of 8 bytes, the file has 7");
  CHECK(refusal(std::string(8, '\xff')) ==
        "a header of 18446744073709551615 bytes in a file of 8 bytes");
  CHECK(refusal(file_of("{}", 0).substr(0, 9)) == "a header of 2 bytes in a file of 9 bytes");
}

TEST_CASE("a header that is not what the format says is refused") {
  for (const std::string json : {"", "{", "[]", "3", "\"text\"", "{}x"})
    CHECK(refusal(file_of(json, 0)) == "the header is not a JSON object");
  CHECK(refusal(file_of(R"({"a":3})", 0)) ==
        "tensor \"a\": expected dtype, shape and data_offsets");
  CHECK(refusal(file_of(in_braces(tensor_json("a", "[1]", "[0,2]", "F17")), 2)) ==
        "tensor \"a\": unknown dtype \"F17\"");
  CHECK(refusal(file_of(in_braces(tensor_json("a", "[1]", "[0,4]", "I64")), 4)) ==
        "tensor \"a\": its shape [1] does not make 4 bytes");
  for (const std::string& tensor :
       {tensor_json("a", "3", "[0,4]"), tensor_json("a", "[-1]", "[0,4]"),
        tensor_json("a", "[1.5]", "[0,4]"), tensor_json("a", "[1]", "[0]"),
        tensor_json("a", "[1]", "[0,4,8]"), tensor_json("a", "[1]", "null")})
    CHECK(refusal(file_of(in_braces(tensor), 4)) ==
          "tensor \"a\": shape or data_offsets are not lists of sizes");
  CHECK(refusal(file_of(R"({"__metadata__":[]})", 0)) == "__metadata__ is not a map of texts");
  CHECK(refusal(file_of(R"({"__metadata__":{"step":7}})", 0)) ==
        "__metadata__: \"step\" is not a text");
}

TEST_CASE("tensors outside the data, overlapping or with gaps are refused") {
  const auto one = [](const std::string& shape, const std::string& offsets) {
    return in_braces(tensor_json("a", shape, offsets));
  };
  CHECK(refusal(file_of(one("[2]", "[0,8]"), 4)) ==
        "tensor \"a\": bytes 0 to 8 of data that are 4 bytes long");
  CHECK(refusal(file_of(one("[1]", "[4,0]"), 4)) ==
        "tensor \"a\": bytes 4 to 0 of data that are 4 bytes long");
  CHECK(refusal(file_of(one("[2]", "[0,4]"), 4)) ==
        "tensor \"a\": its shape [2] does not make 4 bytes");
  CHECK(refusal(file_of(one("[4294967296,4294967296,4]", "[0,4]"), 4)) ==
        "tensor \"a\": its shape [4294967296,4294967296,4] does not make 4 bytes");
  CHECK(refusal(file_of(one("[1]", "[4,8]"), 8)) ==
        "tensor \"a\": expected its data to begin at byte 0, found 4");
  CHECK(refusal(file_of(one("[1]", "[0,4]"), 8)) ==
        "tensors of 4 bytes in all, but 8 bytes of data");
  const std::string overlapping = in_braces(
      fmt::format("{},{}", tensor_json("a", "[2]", "[0,8]"), tensor_json("b", "[2]", "[4,12]")));
  CHECK(refusal(file_of(overlapping, 12)) ==
        "tensor \"b\": expected its data to begin at byte 8, found 4");
}

TEST_CASE("a checkpoint cut anywhere is refused") {
  const ScratchFolder folder;
  written_and_read(folder);
  const std::string whole = contents(folder.path() / "model.safetensors");
  for (std::size_t bytes = 0; bytes < whole.size(); bytes += 3) {
    CAPTURE(bytes);
    CHECK_FALSE(refusal(whole.substr(0, bytes)).empty());
  }
}

TEST_CASE("a checkpoint of another network is refused and changes nothing") {
  const ScratchFolder folder;
  const Checkpoint good = written_and_read(folder);
  std::vector<float> parameters(39, -1.0F);
  Checkpoint missing = good;
  missing.tensors.erase(missing.tensors.begin() + 1);
  Checkpoint extra = good;
  extra.tensors.push_back({.name = "fc9.bias", .shape = {1}, .values = {0.0F}});
  Checkpoint other = good;
  other.tensors[2].shape = {3, 4};
  Checkpoint half = good;
  half.others = {{.name = "conv1.bias", .type = "F16"}};
  Checkpoint counter = good;
  counter.others = {{.name = "bn1.num_batches_tracked", .type = "I64"}};
  const auto message = [&](const Checkpoint& checkpoint) {
    return models::restore(checkpoint, tensors(), parameters).error().message;
  };
  CHECK(message(missing) == "the checkpoint has no tensor \"conv1.bias\"");
  CHECK(message(extra) == "the model has no tensor \"fc9.bias\"");
  CHECK(message(half) == "tensor \"conv1.bias\": expected type F32, found F16");
  CHECK(message(counter) == "the model has no tensor \"bn1.num_batches_tracked\"");
  CHECK(message(other) == "tensor \"fc1.weight\": expected shape [2, 6], found [3, 4]");
  CHECK(std::ranges::all_of(parameters, [](float value) { return value == -1.0F; }));
}

TEST_CASE("metadata survive that are not UTF-8") {
  const ScratchFolder folder;
  const fs::path path = folder.path() / "model.safetensors";
  REQUIRE(models::write_checkpoint(path, tensors(), counting(39), {{"host", "\xff\xfe"}}).ok());
  CHECK(models::read_checkpoint(path).ok());
}
