// The operators of networks of tokens: every device gives what the reference gives, on the one
// table of cases; and what must hold of each whatever the device.

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "kernels/dropout.h"
#include "tests/kernels/agreement.h"
#include "tests/kernels/operator_cases.h"

namespace {

using agreement::check_agreement;
using operands::Backend;
using operands::dropout_key_on;
using operands::Operands;
using operands::View;
using Views = std::span<const View>;

Operands<float> random_operands(const std::vector<std::size_t>& counts, std::uint64_t seed) {
  runtime::Random random(seed);
  Operands<float> start;
  for (const std::size_t count : counts)
    start.push_back(operands::random_numbers<float>(count, random));
  return start;
}

// Calls action(device) for the reference and every other device.
template <typename Action>
void on_all_devices(Action action) {
  const auto reference = operands::open_reference();
  action(*reference);
  for (const auto& device : operands::devices()) {
    CAPTURE(device->description());
    action(*device);
  }
}

}  // namespace

TEST_CASE("layer normalisation agrees with the reference, with and without d_in") {
  for (const auto& [name, shape_of_case, tolerance, seed] : operator_cases::kLayerNorm) {
    const kernels::LayerNormShape shape = shape_of_case;
    CAPTURE(name, seed);
    enum Norm : std::size_t { kX, kScale, kShift, kY, kDY, kDX, kDScale, kDShift };
    Operands<float> start =
        random_operands({shape.count(), shape.columns, shape.columns, shape.count(), shape.count(),
                         shape.count(), shape.columns, shape.columns},
                        seed);
    for (float& x : start[kX]) x = 3.0F * x + 5.0F;  // a mean far from zero
    check_agreement(start, {tolerance}, [&](Backend& backend, Views v) {
      backend.layernorm_forward(shape, v[kX], {v[kScale], v[kShift]}, v[kY]);
    });
    for (const bool first_layer : {false, true}) {
      check_agreement(start, {tolerance, 1.0}, [&](Backend& backend, Views v) {
        backend.layernorm_backward(shape, {v[kX], v[kScale]},
                                   {v[kDY], first_layer ? View{} : v[kDX], v[kDScale], v[kDShift]});
      });
    }
  }
}

TEST_CASE("GELU agrees with the reference at every size, backward in place too") {
  for (const std::size_t count : operator_cases::kVectorSizes) {
    CAPTURE(count);
    Operands<float> start = random_operands({count, count, count}, count);
    for (float& x : start[0]) x *= 9.0F;
    check_agreement(start, {1e-6, 1.0},
                    [](Backend& backend, Views v) { backend.gelu_forward(v[0], v[1]); });
    check_agreement(start, {1e-6, 1.0},
                    [](Backend& backend, Views v) { backend.gelu_backward(v[0], v[1], v[2]); });
    check_agreement(start, {1e-6, 1.0},
                    [](Backend& backend, Views v) { backend.gelu_backward(v[0], v[1], v[1]); });
  }
}

TEST_CASE("GELU keeps large numbers, drops small ones and stays finite beyond f32's exponentials") {
  on_all_devices([](Backend& device) {
    const Operands<float> start{{-1e30F, -40.0F, -14.0F, 0.0F, 14.0F, 40.0F, 1e30F},
                                std::vector<float>(7, 1.0F),
                                std::vector<float>(7, 1.0F)};
    const Operands<float> end = operands::run_on(device, start, [](Backend& backend, Views v) {
      backend.gelu_forward(v[0], v[1]);
      backend.gelu_backward(v[0], v[2], v[2]);
    });
    for (const std::size_t i : {0U, 1U, 2U, 3U}) CHECK(std::abs(end[1][i]) < 1e-30F);
    for (const std::size_t i : {4U, 5U, 6U}) CHECK(end[1][i] == start[0][i]);
    const std::vector<float> slopes{0.0F, 0.0F, 0.0F, 0.5F, 1.0F, 1.0F, 1.0F};
    for (std::size_t i = 0; i < slopes.size(); ++i) {
      CAPTURE(i);
      CHECK(std::abs(end[2][i] - slopes[i]) < 1e-6F);
    }
  });
}

TEST_CASE("dropout agrees with the reference to the bit, in place too") {
  for (const std::size_t count : operator_cases::kVectorSizes) {
    CAPTURE(count);
    const Operands<float> start = random_operands({count, count}, count);
    for (const double probability : {0.0, 0.1, 0.9}) {
      const std::uint64_t key = 0x0123456789abcdefULL + count;
      CAPTURE(probability);
      for (const std::size_t in : {std::size_t{0}, std::size_t{1}})
        check_agreement(start, {0.0}, [&](Backend& backend, Views v) {
          backend.dropout({probability}, dropout_key_on(backend, key).view(), v[in], v[1]);
        });
    }
  }
}

TEST_CASE("dropout drops the share it was asked to, scales the rest, and masks are independent") {
  constexpr std::size_t kCount = 100'000;
  const auto kept_by = [](double probability, std::uint64_t key) {
    const auto reference = operands::open_reference();
    const Operands<float> end = operands::run_on<float>(
        *reference, {std::vector<float>(kCount, 1.0F)}, [&](Backend& b, Views v) {
          b.dropout({probability}, dropout_key_on(b, key).view(), v[0], v[0]);
        });
    return end[0];
  };
  for (const double probability : {0.1, 0.5}) {
    const std::vector<float> first = kept_by(probability, 7);
    const std::vector<float> second = kept_by(probability, 8);
    const std::vector<float> far = kept_by(probability, 7 + (std::uint64_t{1} << 40U));
    CHECK(first == kept_by(probability, 7));
    double dropped = 0.0;
    double both = 0.0;
    double both_far = 0.0;
    double neighbours = 0.0;
    for (std::size_t i = 0; i < kCount; ++i) {
      const bool here = first[i] == 0.0F;
      if (!here) REQUIRE(first[i] == static_cast<float>(1.0 / (1.0 - probability)));
      if (!here) continue;
      dropped += 1.0;
      if (second[i] == 0.0F) both += 1.0;
      if (far[i] == 0.0F) both_far += 1.0;
      if (first[(i + 1) % kCount] == 0.0F) neighbours += 1.0;
    }
    // Five deviations of a binomial count.
    const auto check_share = [&](double count, double share) {
      CAPTURE(probability, count, share);
      CHECK(std::abs(count - share * kCount) < 5.0 * std::sqrt(share * (1.0 - share) * kCount));
    };
    check_share(dropped, probability);
    for (const double count : {both, both_far, neighbours})
      check_share(count, probability * probability);
  }
}

TEST_CASE("dropout of probability 0 is a copy") {
  on_all_devices([](Backend& device) {
    const Operands<float> end = operands::run_on<float>(
        device, {{1.0F, -2.0F, 3.0F}, {0.0F, 0.0F, 0.0F}},
        [](Backend& b, Views v) { b.dropout({0.0}, dropout_key_on(b, 5).view(), v[0], v[1]); });
    CHECK(end[1] == end[0]);
  });
}

TEST_CASE("embeddings agree with the reference") {
  for (const auto& [name, shape_of_case, tolerance, seed] : operator_cases::kEmbedding) {
    const kernels::EmbeddingShape shape = shape_of_case;
    CAPTURE(name, seed);
    Operands<float> start = random_operands({shape.rows, shape.table_count(), shape.out_count(),
                                             shape.out_count(), shape.table_count()},
                                            seed);
    runtime::Random random(seed);
    for (float& token : start[0]) token = static_cast<float>(random.below(shape.vocabulary));
    check_agreement(start, {0.0}, [&](Backend& backend, Views v) {
      backend.embedding_forward(shape, v[0], v[1], v[2]);
    });
    check_agreement(start, {tolerance}, [&](Backend& backend, Views v) {
      backend.embedding_backward(shape, v[0], v[3], v[4]);
    });
  }
}

TEST_CASE("a row added to all rows agrees to the bit, in place too, and their sum is close") {
  for (const auto& [name, shape_of_case, tolerance, seed] : operator_cases::kRows) {
    const kernels::RowsShape shape = shape_of_case;
    CAPTURE(name, seed);
    const Operands<float> start =
        random_operands({shape.count(), shape.columns, shape.count()}, seed);
    check_agreement(start, {0.0}, [&](Backend& backend, Views v) {
      backend.add_to_rows(shape, v[0], v[1], v[2]);
    });
    check_agreement(start, {0.0}, [&](Backend& backend, Views v) {
      backend.add_to_rows(shape, v[0], v[1], v[0]);
    });
    check_agreement(start, {tolerance, 1.0},
                    [&](Backend& backend, Views v) { backend.sum_rows(shape, v[0], v[1]); });
  }
}

TEST_CASE("attention agrees with the reference") {
  for (const auto& [name, shape_of_case, tolerance, seed] : operator_cases::kAttention) {
    const kernels::AttentionShape shape = shape_of_case;
    CAPTURE(name, seed);
    Operands<float> start = random_operands(
        {shape.in_count(), shape.out_count(), shape.out_count(), shape.in_count()}, seed);
    for (float& x : start[0]) x *= 3.0F;  // some tokens look at few others
    check_agreement(start, {tolerance}, [&](Backend& backend, Views v) {
      backend.attention_forward(shape, v[0], v[1]);
    });
    check_agreement(start, {tolerance}, [&](Backend& backend, Views v) {
      backend.attention_backward(shape, v[0], v[2], v[3]);
    });
  }
}

TEST_CASE("a token that looks at itself only gets its own value") {
  on_all_devices([](Backend& device) {
    // Two tokens, one head of two: query, key, value.
    const Operands<float> end = operands::run_on<float>(
        device, {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, {0, 0, 0, 0}}, [](Backend& b, Views v) {
          b.attention_forward({1, 2, 1, 2, true}, v[0], v[1]);
        });
    CHECK(end[1][0] == 5.0F);
    CHECK(end[1][1] == 6.0F);
    CHECK(end[1][2] > 5.0F);
  });
}

TEST_CASE(
    "tokens with equal keys share alike, and scores whose exponentials overflow do not matter") {
  on_all_devices([](Backend& device) {
    const Operands<float> end = operands::run_on<float>(
        device, {{100, 100, 2, 100, 100, 4}, {0, 0}}, [](Backend& b, Views v) {
          b.attention_forward({1, 2, 1, 1}, v[0], v[1]);
        });
    CHECK(end[1] == std::vector<float>{3.0F, 3.0F});
  });
}

TEST_CASE("a smoothed loss is the plain loss and the mean over all labels, weighted") {
  on_all_devices([](Backend& device) {
    const std::vector<float> logits{0.5F, -1.0F, 2.0F};
    const auto loss_of = [&](std::int32_t label, double smoothing) {
      const Operands<float> end =
          operands::run_on<float>(device, {logits, {0.0F}}, [&](Backend& b, Views v) {
            const auto labels = operands::buffer_of(b, std::vector<std::int32_t>{label});
            b.softmax_cross_entropy({1, 3, smoothing}, v[0], labels.view(), {View{}, v[1], View{}});
          });
      return static_cast<double>(end[1][0]);
    };
    const double mean = (loss_of(0, 0.0) + loss_of(1, 0.0) + loss_of(2, 0.0)) / 3.0;
    CHECK(loss_of(1, 0.25) == Approx(0.75 * loss_of(1, 0.0) + 0.25 * mean));
  });
}
