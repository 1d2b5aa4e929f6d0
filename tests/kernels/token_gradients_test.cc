// The reference's backward passes of the operators of networks of tokens, held to differences.

#include <array>
#include <cmath>

#include "kernels/dropout.h"
#include "tests/kernels/differences.h"
#include "tests/support/catch.h"

namespace {

using differences::check_gradients;
using differences::Derivative;
using differences::random_operands;
using operands::Backend;
using operands::dropout_key_on;
using operands::Operands;
using operands::View;
using Views = std::span<const View>;

constexpr std::array<Derivative, 1> kOnlyDerivative{{{0, 3}}};

}  // namespace

TEST_CASE("layer normalisation's gradients are its derivatives") {
  std::uint64_t seed = 600;
  for (const kernels::LayerNormShape& shape :
       {kernels::LayerNormShape{1, 2}, kernels::LayerNormShape{4, 5},
        kernels::LayerNormShape{3, 7, 1e-2}}) {
    CAPTURE(++seed);
    // in, scale, shift, out, d_out, d_in, d_scale, d_shift
    constexpr std::array<Derivative, 3> kDerivatives{{{0, 5}, {1, 6}, {2, 7}}};
    check_gradients(
        random_operands({shape.count(), shape.columns, shape.columns, shape.count(), shape.count(),
                         shape.count(), shape.columns, shape.columns},
                        seed),
        {3, 4}, kDerivatives,
        [&](Backend& b, Views v) {
          b.layernorm_forward(shape, v[0], {v[1], v[2]}, v[3]);
        },
        [&](Backend& b, Views v) {
          b.layernorm_backward(shape, {v[0], v[1]}, {v[4], v[5], v[6], v[7]});
        });
  }
}

TEST_CASE("a normalised row has mean zero and variance one, whatever the others are") {
  const auto reference = operands::open_reference();
  const Operands<double> end = operands::run_on<double>(
      *reference, {{1.0, 3.0, 100.0, 300.0}, {1.0, 1.0}, {0.0, 0.0}, {0.0, 0.0, 0.0, 0.0}},
      [](Backend& b, Views v) {
        b.layernorm_forward({2, 2, 0.0}, v[0], {v[1], v[2]}, v[3]);
      });
  CHECK(end[3] == std::vector<double>{-1.0, 1.0, -1.0, 1.0});
}

TEST_CASE("GELU is x times the normal distribution's share below x, its gradient the derivative") {
  const auto reference = operands::open_reference();
  const Operands<double> end =
      operands::run_on<double>(*reference, {{0.0, 1.0, -1.0, -5.0}, {0.0, 0.0, 0.0, 0.0}},
                               [](Backend& b, Views v) { b.gelu_forward(v[0], v[1]); });
  CHECK(end[1][0] == 0.0);
  CHECK(end[1][1] == Approx(0.8413447460685429));
  CHECK(end[1][2] == Approx(-0.15865525393145707));
  CHECK(end[1][3] == Approx(-5.0 * 2.866515718791939e-07));
  check_gradients(
      random_operands({17, 17, 17, 17}, 620), {1, 2}, kOnlyDerivative,
      [](Backend& b, Views v) { b.gelu_forward(v[0], v[1]); },
      [](Backend& b, Views v) { b.gelu_backward(v[0], v[2], v[3]); });
}

TEST_CASE("dropout is its own backward pass") {
  const kernels::DropoutMask mask{0.4};
  check_gradients(
      random_operands({17, 17, 17, 17}, 630), {1, 2}, kOnlyDerivative,
      [&](Backend& b, Views v) { b.dropout(mask, dropout_key_on(b, 3).view(), v[0], v[1]); },
      [&](Backend& b, Views v) { b.dropout(mask, dropout_key_on(b, 3).view(), v[2], v[3]); });
}

TEST_CASE("an embedding's gradient is its derivative, tokens that come twice included") {
  const kernels::EmbeddingShape shape{4, 3, 2};
  const std::vector<double> tokens{2.0, 0.0, 2.0, 2.0};  // 1 does not come
  check_gradients(
      random_operands(
          {shape.table_count(), shape.out_count(), shape.out_count(), shape.table_count()}, 640),
      {1, 2}, kOnlyDerivative,
      [&](Backend& b, Views v) {
        b.embedding_forward(shape, std::span<const double>(tokens), v[0], v[1]);
      },
      [&](Backend& b, Views v) {
        b.embedding_backward(shape, std::span<const double>(tokens), v[2], v[3]);
      });
}

TEST_CASE("a row added to all rows has their sum for its gradient") {
  const kernels::RowsShape shape{3, 2};
  // row, out, d_out, d_row, in
  check_gradients(
      random_operands({2, 6, 6, 2, 6}, 650), {1, 2}, kOnlyDerivative,
      [&](Backend& b, Views v) { b.add_to_rows(shape, v[4], v[0], v[1]); },
      [&](Backend& b, Views v) { b.sum_rows(shape, v[2], v[3]); });
}

TEST_CASE("attention's gradients are its derivatives, causal or not") {
  std::uint64_t seed = 660;
  for (const kernels::AttentionShape& shape :
       {kernels::AttentionShape{1, 1, 1, 1}, kernels::AttentionShape{1, 3, 1, 2},
        kernels::AttentionShape{2, 4, 2, 3}, kernels::AttentionShape{2, 4, 2, 3, true}}) {
    CAPTURE(++seed);
    check_gradients(
        random_operands({shape.in_count(), shape.out_count(), shape.out_count(), shape.in_count()},
                        seed),
        {1, 2}, kOnlyDerivative,
        [&](Backend& b, Views v) { b.attention_forward(shape, v[0], v[1]); },
        [&](Backend& b, Views v) { b.attention_backward(shape, v[0], v[2], v[3]); });
  }
}

TEST_CASE("nothing that comes after a token changes what causal attention makes of it") {
  const auto reference = operands::open_reference();
  const kernels::AttentionShape shape{1, 4, 2, 3, true};
  Operands<double> start = random_operands({shape.in_count(), shape.out_count()}, 670);
  const auto forward = [&](Backend& b, Views v) { b.attention_forward(shape, v[0], v[1]); };
  const Operands<double> before = operands::run_on(*reference, start, forward);
  const std::size_t third = 2 * 3 * shape.channels();  // where the third token's numbers begin
  for (std::size_t i = third; i < start[0].size(); ++i) start[0][i] += 1.0;
  const Operands<double> after = operands::run_on(*reference, start, forward);
  for (std::size_t i = 0; i < before[1].size(); ++i) {
    CAPTURE(i);
    CHECK((before[1][i] == after[1][i]) == (i < 2 * shape.channels()));
  }
}

TEST_CASE("a smoothed cross-entropy's gradient is the derivative of the batch's mean loss") {
  const kernels::SoftmaxShape shape{3, 4, 0.3};
  const std::vector<std::int32_t> labels{0, 3, 1};
  Operands<double> at = random_operands({12, 3, 3, 12}, 680);
  at[2] = {1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0};
  check_gradients(
      at, {1, 2}, kOnlyDerivative,
      [&](Backend& b, Views v) {
        const auto device_labels = operands::buffer_of(b, labels);
        b.softmax_cross_entropy(shape, v[0], device_labels.view(), {v[3], v[1], View{}});
      },
      [](Backend&, Views) {});
}
