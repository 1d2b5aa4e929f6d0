// What needs no GPU of batch normalisation by cuDNN: the tensors it is told of, what plans are kept
// by, and what is lost of a variance on the way.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "kernels/cuda/norm_key.h"
#include "tests/support/catch.h"

namespace {

using kernels::Activation;
using kernels::BatchNormShape;
using kernels::cuda::backward_key;
using kernels::cuda::channels_tensor;
using kernels::cuda::counts_in_32_bits;
using kernels::cuda::forward_key;
using kernels::cuda::NormKey;
using kernels::cuda::NormKeyHash;
using kernels::cuda::pixels_tensor;
using kernels::cuda::TensorLayout;

}  // namespace

TEST_CASE("cuDNN's pixels are our rows, and its channels our channels") {
  for (const BatchNormShape& shape :
       {BatchNormShape{1, 1}, BatchNormShape{1, 5}, BatchNormShape{3, 16}}) {
    for (const NormKey& key : {forward_key(shape, false), backward_key(shape)}) {
      CAPTURE(text_of(key));
      const TensorLayout pixels = pixels_tensor(key);
      const TensorLayout channels = channels_tensor(key);
      CHECK(pixels.dims[0] * pixels.dims[1] == static_cast<std::int64_t>(shape.count()));
      for (std::int64_t row = 0; row < pixels.dims[0]; ++row)
        for (std::int64_t c = 0; c < pixels.dims[1]; ++c)
          CHECK(row * pixels.strides[0] + c * pixels.strides[1] ==
                row * static_cast<std::int64_t>(shape.channels) + c);
      CHECK(channels.dims == decltype(channels.dims){1, pixels.dims[1], 1, 1});
      CHECK(channels.strides[1] == 1);
    }
  }
}

TEST_CASE("one plan serves all batch normalisations that are the same, and no other") {
  constexpr BatchNormShape kShape{4096, 64, 1e-5, Activation::kRelu};
  const NormKey key = forward_key(kShape, true);
  BatchNormShape other_epsilon = kShape;
  other_epsilon.epsilon = 1e-3;  // handed over with the data
  CHECK(key == forward_key(other_epsilon, true));
  std::vector<NormKey> others{forward_key(kShape, false), backward_key(kShape)};
  for (auto member : {&BatchNormShape::rows, &BatchNormShape::channels}) {
    BatchNormShape larger = kShape;
    ++(larger.*member);
    others.push_back(forward_key(larger, true));
    others.push_back(backward_key(larger));
  }
  BatchNormShape plain = kShape;
  plain.activation = Activation::kNone;
  CHECK(backward_key(plain) == backward_key(kShape));  // the mask is ours
  others.push_back(forward_key(plain, true));
  others.push_back(forward_key(plain, false));
  std::set<std::size_t> hashes{NormKeyHash()(key)};
  for (const NormKey& other : others) {
    CAPTURE(text_of(other));
    CHECK_FALSE(other == key);
    hashes.insert(NormKeyHash()(other));
  }
  CHECK(hashes.size() == others.size() + 1);
}

TEST_CASE("a key says for a person which batch normalisation it is") {
  CHECK(text_of(forward_key({4096, 64}, false)) == "forward, 4096 pixels of 64 channels");
  CHECK(text_of(forward_key({37, 13, 1e-3, Activation::kRelu}, true)) ==
        "forward, 37 pixels of 13 channels, sum, ReLU");
  CHECK(text_of(backward_key({37, 13, 1e-3, Activation::kRelu})) ==
        "backward, 37 pixels of 13 channels");
}

TEST_CASE("batch normalisation of more numbers than 32 bits count is left to others") {
  CHECK(counts_in_32_bits(forward_key({0x7fffffff, 1}, false)));
  CHECK_FALSE(counts_in_32_bits(forward_key({0x80000000, 1}, false)));
  CHECK(counts_in_32_bits(backward_key({(std::size_t{1} << 25U) - 1, 64})));
  CHECK_FALSE(counts_in_32_bits(backward_key({std::size_t{1} << 25U, 64})));
}

TEST_CASE("a variance keeps its digits on the way to 1 / sqrt(variance + epsilon) and back") {
  constexpr float kEpsilon = 1e-5F;
  constexpr float kUlp = 6e-8F;  // half of one, at most
  for (const float variance : {0.0F, 1e-12F, 1e-7F, 1e-5F, 3e-4F, 0.7F, 9.1F, 1e6F}) {
    const double total = static_cast<double>(variance) + static_cast<double>(kEpsilon);
    for (const float off : {-2 * kUlp, 0.0F, 2 * kUlp}) {  // as cuDNN's may be
      const auto exact = static_cast<float>(1.0 / std::sqrt(total));
      const float inverse = exact * (1 + off);
      const float back = std::max(0.0F, 1 / (inverse * inverse) - kEpsilon);
      const double error = static_cast<double>(back) - static_cast<double>(variance);
      CAPTURE(variance, back, off);
      CHECK(std::abs(error) < 10.0 * static_cast<double>(kUlp) * total);
    }
  }
}
