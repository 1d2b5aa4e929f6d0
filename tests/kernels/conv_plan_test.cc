// What needs no GPU of the convolutions by cuDNN: the tensors it is told of, what plans are kept
// by, and how many of them.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "kernels/cuda/conv_key.h"
#include "kernels/cuda/conv_tensors.h"
#include "kernels/cuda/plan_cache.h"
#include "tests/kernels/layers.h"
#include "tests/kernels/operator_cases.h"
#include "tests/support/catch.h"

namespace {

using kernels::Activation;
using kernels::ConvShape;
using kernels::Precision;
using kernels::cuda::bare_key;
using kernels::cuda::ConvKey;
using kernels::cuda::ConvKeyHash;
using kernels::cuda::ConvOperation;
using kernels::cuda::counts_in_32_bits;
using kernels::cuda::TensorLayout;
using At = std::array<std::int64_t, 4>;

std::size_t index_of(const TensorLayout& tensor, const At& at) {
  std::int64_t index = 0;
  for (std::size_t i = 0; i < at.size(); ++i) {
    if (at[i] < 0 || at[i] >= tensor.dims[i]) FAIL("outside the tensor");
    index += at[i] * tensor.strides[i];
  }
  return static_cast<std::size_t>(index);
}

// Calls action(at) for every place of the tensor, its last dimension fastest.
template <typename Action>
void for_places(const TensorLayout& tensor, Action action) {
  At at{};
  for (at[0] = 0; at[0] < tensor.dims[0]; ++at[0])
    for (at[1] = 0; at[1] < tensor.dims[1]; ++at[1])
      for (at[2] = 0; at[2] < tensor.dims[2]; ++at[2])
        for (at[3] = 0; at[3] < tensor.dims[3]; ++at[3]) action(at);
}

// A convolution as cuDNN defines it, which knows tensors, strides and padding and no ConvShape: of
// images and kernels, groups as the channels of both say.
struct Convolution {
  TensorLayout in;
  TensorLayout weight;
  TensorLayout out;
  kernels::cuda::ConvWindow stride;
  kernels::cuda::ConvWindow padding;

  [[nodiscard]] double at(const At& place, const std::vector<float>& images,
                          const std::vector<float>& kernels) const {
    const std::int64_t groups = in.dims[1] / weight.dims[1];
    const std::int64_t first = place[1] / (out.dims[1] / groups) * weight.dims[1];  // its group's
    double sum = 0.0;
    for_places({{1, weight.dims[1], weight.dims[2], weight.dims[3]}, {}}, [&](const At& k) {
      const std::int64_t in_y = place[2] * stride[0] + k[2] - padding[0];
      const std::int64_t in_x = place[3] * stride[1] + k[3] - padding[1];
      if (in_y < 0 || in_y >= in.dims[2] || in_x < 0 || in_x >= in.dims[3]) return;
      const float image = images[index_of(in, {place[0], first + k[1], in_y, in_x})];
      const float factor = kernels[index_of(weight, {place[1], k[1], k[2], k[3]})];
      sum += static_cast<double>(image) * static_cast<double>(factor);
    });
    return sum;
  }
};

Convolution convolution_of(const ConvShape& shape) {
  return {.in = kernels::cuda::in_tensor(shape),
          .weight = kernels::cuda::weight_tensor(shape),
          .out = kernels::cuda::out_tensor(shape),
          .stride = kernels::cuda::window_of(shape.stride),
          .padding = kernels::cuda::window_of(shape.padding)};
}

// Those of the table that a definition computes in no time.
std::vector<ConvShape> small_shapes() {
  std::vector<ConvShape> shapes;
  for (const auto& each : operator_cases::kConv)
    if (each.shape.out_count() * each.shape.weight_count() / each.shape.out_channels < 300'000)
      shapes.push_back(each.shape);
  REQUIRE(shapes.size() > 10);
  return shapes;
}

// Different from `shape` in one thing each.
std::vector<ConvShape> neighbours_of(const ConvShape& shape) {
  std::vector<ConvShape> all(11, shape);
  std::size_t i = 0;
  for (auto member :
       {&ConvShape::batch, &ConvShape::in_channels, &ConvShape::in_height, &ConvShape::in_width,
        &ConvShape::out_channels, &ConvShape::kernel_height, &ConvShape::kernel_width,
        &ConvShape::stride, &ConvShape::padding, &ConvShape::groups})
    ++(all[i++].*member);
  all[i].activation = Activation::kRelu;
  return all;
}

struct Modulo3 {
  std::size_t operator()(int key) const { return static_cast<std::size_t>(key % 3); }
};
using Cache = kernels::cuda::PlanCache<int, std::string, Modulo3>;

}  // namespace

TEST_CASE("tensors lie as the shapes say: every number once, channels last") {
  for (const ConvShape& shape : small_shapes()) {
    CAPTURE(text_of(bare_key(ConvOperation::kForward, shape, Precision::kF32)));
    const Convolution c = convolution_of(shape);
    for (const auto& [tensor, count] :
         {std::pair{c.in, shape.in_count()}, std::pair{c.weight, shape.weight_count()},
          std::pair{c.out, shape.out_count()},
          std::pair{kernels::cuda::bias_tensor(shape), shape.out_channels}}) {
      std::vector<int> seen(count);
      const TensorLayout& counted = tensor;  // clang 14 captures no part of a pair
      for_places(tensor, [&](const At& at) { ++seen.at(index_of(counted, at)); });
      CHECK(seen == std::vector<int>(count, 1));
      CHECK(tensor.strides[1] == 1);
      CHECK(tensor.strides[0] * tensor.dims[0] == static_cast<std::int64_t>(count));
    }
  }
}

TEST_CASE("what cuDNN computes of the tensors is the reference's convolution") {
  const auto reference = operands::open_reference();
  std::uint64_t seed = 1;
  for (ConvShape shape : small_shapes()) {
    CAPTURE(text_of(bare_key(ConvOperation::kForward, shape, Precision::kF32)));
    shape.activation = Activation::kNone;
    operands::Operands<float> start = layers::random_operands(shape, seed++);
    start[layers::kBias].assign(shape.out_channels, 0.0F);
    const auto end = layers::after_forward(*reference, shape, start);
    const Convolution c = convolution_of(shape);
    double error = 0.0;
    for_places(c.out, [&](const At& at) {
      const auto expected = static_cast<double>(end[layers::kOut][index_of(c.out, at)]);
      error = std::max(error,
                       std::abs(c.at(at, start[layers::kIn], start[layers::kWeight]) - expected));
    });
    CHECK(error < 1e-5);
  }
}

TEST_CASE("one plan serves all passes that are the same, and no others") {
  const ConvShape shape{2, 4, 8, 8, 4, 3, 3, 1, 1, Activation::kNone, 2};
  const ConvKey key{ConvOperation::kForward, shape, Precision::kF32, false};
  CHECK(key == ConvKey{ConvOperation::kForward, shape, Precision::kF32, false});
  CHECK(ConvKeyHash()(key) == ConvKeyHash()(ConvKey(key)));
  std::vector<ConvKey> others{{ConvOperation::kBackwardWeight, shape, Precision::kF32, false},
                              {ConvOperation::kBackwardData, shape, Precision::kF32, false},
                              {ConvOperation::kForward, shape, Precision::kBf16, false},
                              {ConvOperation::kForward, shape, Precision::kF32, true}};
  for (const ConvShape& other : neighbours_of(shape))
    others.push_back({ConvOperation::kForward, other, Precision::kF32, false});
  std::set<std::size_t> hashes{ConvKeyHash()(key)};
  for (const ConvKey& other : others) {
    CAPTURE(text_of(other));
    CHECK_FALSE(other == key);
    hashes.insert(ConvKeyHash()(other));
  }
  CHECK(hashes.size() == others.size() + 1);
}

TEST_CASE("a bare key leaves out what comes after the convolution") {
  ConvShape shape{2, 3, 8, 8, 4, 3, 3};
  const ConvKey plain = bare_key(ConvOperation::kBackwardData, shape, Precision::kBf16);
  shape.activation = Activation::kRelu;
  CHECK(bare_key(ConvOperation::kBackwardData, shape, Precision::kBf16) == plain);
  CHECK_FALSE(plain.is_fused());
  CHECK(ConvKey{.shape = shape}.is_fused());
  CHECK(ConvKey{.shape = {2, 3, 8, 8, 4, 3, 3}, .bias = true}.is_fused());
}

TEST_CASE("a key says for a person which convolution it is") {
  CHECK(
      text_of(bare_key(ConvOperation::kForward, {64, 1, 28, 28, 6, 5, 5, 1, 2}, Precision::kF32)) ==
      "forward, 64 images of 28x28x1, 6 kernels of 5x5, stride 1, padding 2, f32");
  CHECK(text_of(bare_key(ConvOperation::kBackwardWeight,
                         {2, 16, 9, 8, 32, 3, 1, 2, 0, Activation::kRelu, 16}, Precision::kBf16)) ==
        "gradient of the weights, 2 images of 9x8x16, 32 kernels of 3x1, stride 2, padding 0, "
        "16 groups, bf16");
}

TEST_CASE("tensors that 32 bits cannot count are left to others") {
  ConvShape shape{1, 1, 1 << 15, 1 << 15, 1, 1, 1};
  CHECK(counts_in_32_bits(shape));
  shape.batch = 2;
  CHECK_FALSE(counts_in_32_bits(shape));
  CHECK_FALSE(counts_in_32_bits(ConvShape{1, 1, 1, 1, std::size_t{1} << 31U}));
  CHECK_FALSE(counts_in_32_bits(ConvShape{1, 1 << 16, 1, 1, 1 << 16}));
}

TEST_CASE("a cache finds what was put in, and only that") {
  Cache cache(4);
  CHECK(cache.find(1) == nullptr);
  const std::string& one = cache.insert(1, "one");
  const std::string& four = cache.insert(4, "four");
  CHECK(cache.find(1) == &one);
  CHECK(cache.find(4) == &four);
  CHECK((one == "one" && four == "four"));
  CHECK(cache.find(7) == nullptr);
}

TEST_CASE("a full cache drops what was not used for longest") {
  Cache cache(3);
  for (const int key : {1, 2, 3}) {
    CHECK_FALSE(cache.is_full());
    cache.insert(key, std::to_string(key));
  }
  CHECK(cache.is_full());
  const std::string* const first = cache.find(1);
  cache.insert(4, "4");
  CHECK(cache.is_full());
  CHECK(cache.find(2) == nullptr);
  CHECK(cache.find(1) == first);
  cache.insert(5, "5");
  CHECK(cache.find(3) == nullptr);
  CHECK((cache.find(1) != nullptr && cache.find(4) != nullptr && cache.find(5) != nullptr));
}
