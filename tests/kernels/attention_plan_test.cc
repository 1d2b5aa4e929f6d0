// What needs no GPU of attention by cuDNN: the tensors it is told of, and what plans are kept by.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <set>
#include <vector>

#include "kernels/cuda/attention_key.h"
#include "kernels/cuda/attention_tensors.h"
#include "tests/kernels/operands.h"
#include "tests/support/catch.h"

namespace {

using kernels::AttentionShape;
using kernels::cuda::AttentionKey;
using kernels::cuda::AttentionKeyHash;
using kernels::cuda::AttentionPart;
using kernels::cuda::counts_in_32_bits;
using kernels::cuda::may_give_nan;
using kernels::cuda::out_layout;
using kernels::cuda::part_layout;
using kernels::cuda::scores_layout;
using kernels::cuda::TensorLayout;
using At = std::array<std::int64_t, 4>;

constexpr std::array kShapes{AttentionShape{1, 1, 1, 1}, AttentionShape{2, 3, 1, 2},
                             AttentionShape{2, 4, 3, 5, true}, AttentionShape{1, 5, 2, 8}};

std::size_t index_of(const TensorLayout& layout, const At& at) {
  std::int64_t index = 0;
  for (std::size_t i = 0; i < at.size(); ++i) {
    if (at[i] < 0 || at[i] >= layout.dims[i]) FAIL("outside the tensor");
    index += at[i] * layout.strides[i];
  }
  return static_cast<std::size_t>(index);
}

// Calls action(at) for every place of the tensor.
template <typename Action>
void for_places(const TensorLayout& layout, Action action) {
  At at{};
  for (at[0] = 0; at[0] < layout.dims[0]; ++at[0])
    for (at[1] = 0; at[1] < layout.dims[1]; ++at[1])
      for (at[2] = 0; at[2] < layout.dims[2]; ++at[2])
        for (at[3] = 0; at[3] < layout.dims[3]; ++at[3]) action(at);
}

// Attention as its graph defines it, which knows tensors and no AttentionShape but for the mask.
struct Attention {
  const AttentionShape& shape;
  const std::vector<float>& in;

  [[nodiscard]] double number(AttentionPart part, const TensorLayout& layout, const At& at) const {
    return static_cast<double>(in[offset_of(shape, part) + index_of(layout, at)]);
  }
  [[nodiscard]] double score(const At& at) const {
    const TensorLayout part = part_layout(shape);
    double sum = 0.0;
    for (std::int64_t i = 0; i < part.dims[3]; ++i)
      sum += number(AttentionPart::kQueries, part, {at[0], at[1], at[2], i}) *
             number(AttentionPart::kKeys, transposed(part), {at[0], at[1], i, at[3]});
    return sum / std::sqrt(static_cast<double>(shape.width));
  }
  [[nodiscard]] double out(const At& at) const {
    double sum = 0.0;
    double values = 0.0;
    for (std::int64_t other = 0; other < scores_layout(shape).dims[3]; ++other) {
      if (shape.causal && at[2] < other) continue;
      const double share = std::exp(score({at[0], at[1], at[2], other}));
      sum += share;
      values +=
          share * number(AttentionPart::kValues, part_layout(shape), {at[0], at[1], other, at[3]});
    }
    return values / sum;
  }
};

}  // namespace

TEST_CASE("the three parts are all of what goes in, each number once") {
  for (const AttentionShape& shape : kShapes) {
    CAPTURE(text_of(AttentionKey{shape}));
    std::vector<int> seen(shape.in_count());
    for (const AttentionPart part :
         {AttentionPart::kQueries, AttentionPart::kKeys, AttentionPart::kValues})
      for_places(part_layout(shape), [&](const At& at) {
        ++seen.at(offset_of(shape, part) + index_of(part_layout(shape), at));
      });
    CHECK(seen == std::vector<int>(shape.in_count(), 1));
  }
}

TEST_CASE("what cuDNN computes of attention's tensors is the reference's attention") {
  const auto reference = operands::open_reference();
  runtime::Random random(1);
  for (const AttentionShape& shape : kShapes) {
    CAPTURE(text_of(AttentionKey{shape}));
    const operands::Operands<float> start{operands::random_numbers<float>(shape.in_count(), random),
                                          std::vector<float>(shape.out_count())};
    const auto end = operands::run_on(*reference, start,
                                      [&](operands::Backend& b, std::span<const operands::View> v) {
                                        b.attention_forward(shape, v[0], v[1]);
                                      });
    const Attention attention{shape, start[0]};
    const TensorLayout out = out_layout(shape);
    double error = 0.0;
    for_places(out, [&](const At& at) {
      const auto expected = static_cast<double>(end[1][index_of(out, at)]);
      error = std::max(error, std::abs(attention.out(at) - expected));
    });
    CHECK(error < 1e-6);
  }
}

TEST_CASE("one plan serves all attention that is the same, and no other") {
  constexpr AttentionShape kShape{2, 64, 4, 32};
  const AttentionKey key{kShape};
  CHECK(key == AttentionKey{kShape});
  std::vector<AttentionKey> others{{kShape, true}};
  for (auto member : {&AttentionShape::batch, &AttentionShape::tokens, &AttentionShape::heads,
                      &AttentionShape::width}) {
    others.push_back(key);
    ++(others.back().shape.*member);
  }
  others.push_back(key);
  others.back().shape.causal = true;
  std::set<std::size_t> hashes{AttentionKeyHash()(key)};
  for (const AttentionKey& other : others) {
    CAPTURE(text_of(other));
    CHECK_FALSE(other == key);
    hashes.insert(AttentionKeyHash()(other));
  }
  CHECK(hashes.size() == others.size() + 1);
}

TEST_CASE("a key says for a person which attention it is") {
  CHECK(text_of(AttentionKey{{2, 64, 4, 32}}) ==
        "forward, 2 samples of 64 tokens, 4 heads of 32 channels");
  CHECK(text_of(AttentionKey{{1, 197, 3, 64, true}, true}) ==
        "backward, 1 samples of 197 tokens, 3 heads of 64 channels, causal");
}

TEST_CASE("a backward pass that cuDNN may get wrong is told from the others") {
  constexpr std::size_t kWrong = 91900;
  const AttentionKey key{{2, 64, 4, 32}, true};
  CHECK(may_give_nan(key, kWrong));
  CHECK(may_give_nan(AttentionKey{{1, 192, 1, 8}, true}, 92599));
  CHECK_FALSE(may_give_nan(key, 92600));
  CHECK_FALSE(may_give_nan(AttentionKey{key.shape}, kWrong));
  CHECK_FALSE(may_give_nan(AttentionKey{{2, 64, 4, 32, true}, true}, kWrong));
  for (const std::size_t tokens : {32U, 63U, 65U, 128U, 256U})
    CHECK_FALSE(may_give_nan(AttentionKey{{2, tokens, 4, 32}, true}, kWrong));
}

TEST_CASE("attention whose scores 32 bits cannot count is left to others") {
  CHECK(counts_in_32_bits(AttentionShape{1, 46340, 1, 8}));
  CHECK_FALSE(counts_in_32_bits(AttentionShape{1, 46341, 1, 8}));
  CHECK_FALSE(counts_in_32_bits(AttentionShape{std::size_t{1} << 20U, 2, 8, 128}));
}
