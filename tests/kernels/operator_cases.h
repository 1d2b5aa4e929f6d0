#pragma once
// The one table of operators that every backend answers to: smallest sizes first, then odd ones,
// those of lenet5 and mlp, and a large one. Layers begin at a batch of 1 (a batch of 0 is a CHECK
// failure); vectors begin at 0. Tolerances are relative to the largest number of a result, and grow
// with the length of the sums.

#include <array>
#include <cstddef>
#include <cstdint>

#include "kernels/shapes.h"

namespace operator_cases {

using kernels::Activation;
using kernels::PoolKind;

template <typename Shape>
struct Case {
  const char* name;
  Shape shape;
  double tolerance;
  std::uint64_t seed;
};

inline constexpr std::array kVectorSizes{std::size_t{0},   std::size_t{1},    std::size_t{2},
                                         std::size_t{7},   std::size_t{16},   std::size_t{33},
                                         std::size_t{257}, std::size_t{4099}, std::size_t{100003}};

inline constexpr std::array<Case<kernels::DenseShape>, 10> kDense{{
    {"one number", {1, 1, 1}, 1e-6, 1},
    {"one sample", {1, 5, 3}, 1e-6, 2},
    {"odd sizes", {7, 13, 11, Activation::kRelu}, 1e-6, 3},
    {"wide bias", {3, 2, 131, Activation::kRelu}, 1e-6, 4},
    {"lenet5, first", {64, 400, 120, Activation::kRelu}, 4e-6, 5},
    {"lenet5, last", {64, 84, 10}, 2e-6, 6},
    {"mlp, first", {64, 784, 512, Activation::kRelu}, 4e-6, 7},
    {"mlp, second", {64, 512, 256, Activation::kRelu}, 4e-6, 10},
    {"mlp, last batch of an epoch", {37, 256, 10}, 4e-6, 8},
    {"large", {256, 1000, 300, Activation::kRelu}, 8e-6, 9},
}};

inline constexpr std::array<Case<kernels::ConvShape>, 27> kConv{{
    {"one number", {1, 1, 1, 1, 1}, 1e-6, 1},
    {"one pixel of three", {1, 1, 3, 3, 1, 3, 3}, 1e-6, 2},
    {"no padding, odd sizes", {3, 2, 7, 5, 3, 3, 2}, 1e-6, 3},
    {"padding", {2, 3, 5, 6, 4, 3, 3, 1, 1, Activation::kRelu}, 1e-6, 4},
    {"stride that leaves a rest", {2, 3, 8, 9, 5, 3, 3, 2, 0}, 1e-6, 5},
    {"stride and padding", {2, 4, 9, 8, 6, 5, 3, 2, 2, Activation::kRelu}, 2e-6, 6},
    {"kernel as large as the image", {4, 3, 5, 5, 7, 5, 5}, 2e-6, 7},
    {"one by one", {2, 9, 6, 7, 17, 1, 1, 1, 0, Activation::kRelu}, 2e-6, 8},
    {"lenet5, first", {64, 1, 28, 28, 6, 5, 5, 1, 2, Activation::kRelu}, 8e-6, 9},
    {"lenet5, second", {64, 6, 14, 14, 16, 5, 5, 1, 0, Activation::kRelu}, 8e-6, 10},
    {"lenet5, second, last batch", {5, 6, 14, 14, 16, 5, 5, 1, 0, Activation::kRelu}, 4e-6, 11},
    {"large", {8, 32, 16, 16, 64, 3, 3, 1, 1, Activation::kRelu}, 8e-6, 12},
    {"resnet20, first", {4, 3, 32, 32, 16, 3, 3, 1, 1}, 4e-6, 13},
    {"resnet20, half the size", {4, 16, 32, 32, 32, 3, 3, 2, 1}, 4e-6, 14},
    {"resnet20, short cut", {4, 16, 32, 32, 32, 1, 1, 2, 0}, 4e-6, 15},
    {"short cut of three channels", {2, 3, 6, 6, 4, 1, 1, 2, 0}, 2e-6, 21},
    {"channels of half a pack more", {3, 5, 7, 9, 24, 3, 5, 2, 2, Activation::kRelu}, 2e-6, 16},
    {"groups", {3, 6, 7, 5, 9, 3, 2, 1, 1, Activation::kRelu, 3}, 2e-6, 17},
    {"groups of packs", {2, 32, 9, 9, 16, 3, 3, 2, 1, Activation::kNone, 2}, 2e-6, 18},
    {"depthwise", {2, 11, 8, 9, 11, 3, 3, 1, 1, Activation::kRelu, 11}, 2e-6, 19},
    {"depthwise, stride, two outputs each",
     {2, 16, 9, 9, 32, 3, 3, 2, 1, Activation::kNone, 16},
     2e-6,
     20},
    // From here on the CPU's are Winograd's, whose errors are up to four times the others'.
    {"tiles beyond two edges", {3, 32, 7, 9, 48, 3, 3, 1, 1, Activation::kRelu}, 4e-6, 22},
    {"tiles without padding", {5, 48, 8, 10, 32, 3, 3, 1, 0}, 4e-6, 23},
    {"tiles, padding of two", {4, 32, 6, 6, 32, 3, 3, 1, 2}, 4e-6, 24},
    {"as many tiles as are worth it", {1, 16, 16, 16, 32, 3, 3, 1, 1}, 4e-6, 25},
    {"more tiles than go together", {7, 32, 32, 32, 32, 3, 3, 1, 1, Activation::kRelu}, 4e-6, 26},
    {"more channels than go together", {16, 256, 4, 4, 160, 3, 3, 1, 1}, 8e-6, 27},
}};

inline constexpr std::array<Case<kernels::PoolShape>, 13> kPool{{
    {"one number", {PoolKind::kMax, 1, 1, 1, 1, 1, 1}, 0.0, 1},
    {"one window", {PoolKind::kMax, 1, 1, 2, 2, 2, 2}, 0.0, 2},
    {"one window, average", {PoolKind::kAverage, 1, 1, 2, 2, 2, 2}, 1e-6, 3},
    {"odd sizes", {PoolKind::kMax, 3, 5, 7, 9, 2, 2}, 0.0, 4},
    {"odd sizes, average", {PoolKind::kAverage, 3, 5, 7, 9, 2, 2}, 1e-6, 5},
    {"rows left over", {PoolKind::kMax, 2, 3, 7, 6, 3, 3}, 0.0, 6},
    {"overlapping", {PoolKind::kMax, 2, 11, 7, 8, 3, 2}, 1e-6, 7},
    {"overlapping, average", {PoolKind::kAverage, 2, 11, 7, 8, 3, 2}, 1e-6, 8},
    {"apart", {PoolKind::kAverage, 2, 9, 8, 8, 2, 3}, 1e-6, 9},
    {"lenet5, first", {PoolKind::kMax, 64, 6, 28, 28, 2, 2}, 0.0, 10},
    {"lenet5, second", {PoolKind::kMax, 64, 16, 10, 10, 2, 2}, 0.0, 11},
    {"lenet5, first, average", {PoolKind::kAverage, 64, 6, 28, 28, 2, 2}, 1e-6, 12},
    {"large", {PoolKind::kMax, 16, 67, 33, 35, 2, 2}, 0.0, 13},
}};

inline constexpr std::array<Case<kernels::BatchNormShape>, 9> kBatchNorm{{
    {"one number", {1, 1}, 1e-6, 1},
    {"one channel", {17, 1}, 2e-6, 2},
    {"one row", {1, 5}, 1e-6, 3},
    {"odd sizes", {37, 13, 1e-3, Activation::kRelu}, 2e-6, 4},
    {"rows that fill no group", {3, 16}, 2e-6, 5},
    {"more channels than registers", {29, 67, 1e-5, Activation::kRelu}, 4e-6, 6},
    {"resnet20, first", {4 * 32 * 32, 16, 1e-5, Activation::kRelu}, 8e-6, 7},
    {"resnet20, last", {64 * 8 * 8, 64}, 8e-6, 8},
    {"large", {2 * 56 * 56, 256, 1e-5, Activation::kRelu}, 8e-6, 9},
}};

inline constexpr std::array<Case<kernels::LayerNormShape>, 7> kLayerNorm{{
    // A row without variance is divided by sqrt(epsilon), and so is its rounding error.
    {"one number", {1, 1}, 2e-5, 1},
    {"one column", {5, 1}, 2e-5, 2},
    {"one row", {1, 7}, 2e-6, 3},
    {"odd sizes", {7, 13, 1e-3}, 2e-6, 4},
    {"whole packs", {3, 32}, 2e-6, 5},
    {"gpt-mini", {2 * 64, 128}, 4e-6, 6},
    {"large", {300, 777}, 4e-6, 7},
}};

inline constexpr std::array<Case<kernels::EmbeddingShape>, 5> kEmbedding{{
    {"one number", {1, 1, 1}, 1e-6, 1},
    {"one token", {1, 5, 3}, 1e-6, 2},
    {"tokens again and again", {37, 3, 11}, 1e-6, 3},
    {"tokens that are not there", {4, 101, 9}, 1e-6, 4},
    {"gpt-mini", {4 * 64, 65, 128}, 2e-6, 5},
}};

inline constexpr std::array<Case<kernels::RowsShape>, 5> kRows{{
    {"one number", {1, 1}, 1e-6, 1},
    {"one row", {1, 7}, 1e-6, 2},
    {"odd sizes", {13, 5}, 1e-6, 3},
    {"wide", {3, 777}, 1e-6, 4},
    {"gpt-mini", {4, 64 * 128}, 1e-6, 5},
}};

inline constexpr std::array<Case<kernels::AttentionShape>, 13> kAttention{{
    {"one number", {1, 1, 1, 1}, 1e-6, 1},
    {"one token", {2, 1, 2, 3, true}, 1e-6, 2},
    {"two tokens", {1, 2, 1, 1}, 2e-6, 3},
    {"two tokens, causal", {1, 2, 1, 1, true}, 2e-6, 4},
    {"odd sizes", {3, 7, 3, 5}, 2e-6, 5},
    {"odd sizes, causal", {3, 7, 3, 5, true}, 2e-6, 6},
    {"wider than long", {2, 3, 1, 37, true}, 4e-6, 7},
    {"fewer heads than samples", {5, 6, 2, 4, true}, 2e-6, 13},
    {"gpt-mini", {2, 64, 4, 32, true}, 4e-6, 8},
    {"large", {1, 197, 3, 64}, 4e-6, 9},
    // Heads as cuDNN takes them, with few tokens and with one more than its blocks have.
    {"whole packs of channels", {3, 7, 3, 8}, 4e-6, 10},
    {"whole packs of channels, causal", {2, 65, 3, 24, true}, 4e-6, 11},
    {"wide heads", {1, 129, 2, 128, true}, 4e-6, 12},
}};

inline constexpr std::array<Case<kernels::SoftmaxShape>, 7> kSoftmax{{
    {"one class", {1, 1}, 1e-6, 1},
    {"two classes", {1, 2}, 1e-6, 2},
    {"odd sizes", {7, 13}, 2e-6, 3},
    {"lenet5", {64, 10}, 2e-6, 4},
    {"large", {50, 1000}, 4e-6, 5},
    {"one class, smoothed", {3, 1, 0.5}, 1e-6, 6},
    {"smoothed", {7, 13, 0.1}, 2e-6, 7},
}};

}  // namespace operator_cases
