#include "models/transfer.h"

#include <string>
#include <vector>

#include "models/checkpoint.h"
#include "tests/models/scratch_folder.h"
#include "tests/support/catch.h"

namespace {

using models::Checkpoint;
using models::ParameterTensor;
using Names = std::vector<std::string>;

// A body of a 1x2 convolution kernel over two channels, and a head of three numbers.
std::vector<ParameterTensor> tensors() {
  return {{.name = "body.weight",
           .shape = {1, 2, 1, 2},
           .offset = 0,
           .count = 4,
           .storage = {.order = models::Order::kConv, .image = {}}},
          {.name = "head.bias", .shape = {3}, .offset = 4, .count = 3, .storage = {}}};
}

Checkpoint checkpoint(const std::vector<models::NamedTensor>& named,
                      const std::vector<models::OtherTensor>& others = {}) {
  return {.tensors = named, .others = others, .metadata = {}};
}

const models::NamedTensor& body() {
  static const auto& tensor = *new models::NamedTensor{
      .name = "body.weight", .shape = {1, 2, 1, 2}, .values = {1.0F, 2.0F, 3.0F, 4.0F}};
  return tensor;
}

std::string refusal(const Checkpoint& from) {
  std::vector<float> parameters(7, -1.0F);
  const auto result = models::transfer(from, tensors(), parameters);
  CHECK(parameters == std::vector<float>(7, -1.0F));
  return result ? "" : result.error().message;
}

}  // namespace

TEST_CASE("what file and network share is used, the rest of both is named and left alone") {
  std::vector<float> parameters(7, -1.0F);
  const auto result =
      models::transfer(checkpoint({{.name = "fc.bias", .shape = {1}, .values = {9.0F}}, body()},
                                  {{.name = "bn1.num_batches_tracked", .type = "I64"}}),
                       tensors(), parameters);
  REQUIRE(result.ok());
  CHECK(result->used == Names{"body.weight"});
  CHECK(result->missing == Names{"head.bias"});
  CHECK(result->unused == Names{"fc.bias", "bn1.num_batches_tracked (I64)"});
  // Channels last.
  CHECK(parameters == std::vector<float>{1.0F, 3.0F, 2.0F, 4.0F, -1.0F, -1.0F, -1.0F});
}

TEST_CASE("a whole checkpoint of the same network leaves nothing missing and nothing unused") {
  std::vector<float> parameters(7, -1.0F);
  const auto result = models::transfer(
      checkpoint({body(), {.name = "head.bias", .shape = {3}, .values = {5.0F, 6.0F, 7.0F}}}),
      tensors(), parameters);
  REQUIRE(result.ok());
  CHECK(result->missing.empty());
  CHECK(result->unused.empty());
  CHECK(parameters.back() == 7.0F);
}

TEST_CASE("a tensor of another shape or type, and a file of strangers, are refused") {
  CHECK(
      refusal(checkpoint({body(), {.name = "head.bias", .shape = {2}, .values = {5.0F, 6.0F}}})) ==
      "tensor \"head.bias\": expected shape [3], found [2]");
  CHECK(refusal(checkpoint({body()}, {{.name = "head.bias", .type = "F16"}})) ==
        "tensor \"head.bias\": expected type F32, found F16");
  CHECK(refusal(checkpoint({{.name = "fc.bias", .shape = {1}, .values = {9.0F}}})) ==
        "none of its 1 tensors has the name of one of the model's, like \"body.weight\"");
  CHECK(refusal(checkpoint({})) ==
        "none of its 0 tensors has the name of one of the model's, like \"body.weight\"");
}

TEST_CASE("a file with tensors of other types is read, and what lies between them as it is") {
  const ScratchFolder folder;
  // Eight bytes of a counter before, between and after two numbers.
  std::string json = R"({"a":{"dtype":"I64","shape":[],"data_offsets":[0,8]},)"
                     R"("b":{"dtype":"F32","shape":[2],"data_offsets":[8,16]},)"
                     R"("c":{"dtype":"BF16","shape":[4],"data_offsets":[16,24]}})";
  std::string bytes(8, '\0');
  bytes[0] = static_cast<char>(json.size());
  REQUIRE(json.size() < 256);
  bytes += json + std::string(8, '\x7f');
  for (const float value : {1.5F, -2.0F}) {
    const auto* const begin = reinterpret_cast<const char*>(&value);
    bytes.append(begin, sizeof value);
  }
  const auto read = models::read_checkpoint(folder.write("a.safetensors", bytes + "12345678"));
  if (!read) FAIL(read.error().message);
  REQUIRE(read->tensors.size() == 1);
  CHECK(read->tensors[0].values == std::vector<float>{1.5F, -2.0F});
  REQUIRE(read->others.size() == 2);
  CHECK(read->others[0].name == "a");
  CHECK(read->others[1].type == "BF16");
  CHECK_FALSE(models::read_checkpoint(folder.write("b.safetensors", bytes + "1234567")).ok());
}
