#pragma once
// What layers need beside oneDNN, as loops over f32 that are compiled once per instruction set (see
// kernels/vector/loops.h for the rules that such files follow).

#include <cstddef>
#include <cstdint>

namespace kernels::cpu {

// Rows of `columns` numbers, one after the other.
struct Rows {
  std::size_t count;
  std::size_t columns;
};

// kernels/shapes.h's PoolShape in plain numbers, the output's size worked out.
struct Windows {
  std::size_t batch;
  std::size_t channels;
  std::size_t in_height;
  std::size_t in_width;
  std::size_t out_height;
  std::size_t out_width;
  std::size_t window;
  std::size_t stride;
};

// The gradient of an output: masked where `out`, or that as bf16, is not above zero, if one of them
// is there; then written where it was, rounded to bf16 where told, or as bf16 to `bits`.
struct OutputGradient {
  float* d_out;
  const float* out = nullptr;
  const std::uint16_t* rounded_out = nullptr;
  bool rounds = false;
  std::uint16_t* bits = nullptr;  // d_out is left alone then
};

// Pixels of `columns` channels to be normalised channel by channel.
struct NormRows {
  Rows rows;
  float epsilon;
  bool relu;
};
// One number a channel each.
struct NormChannels {
  const float* scale;
  const float* shift;
  const float* mean;
  const float* variance;
};
// Either or both; `rounded` as bf16.
struct NormOutputs {
  float* out;
  std::uint16_t* rounded;
};
// What a backward pass reads of its forward pass. Of `out`, or `rounded_out`, where something was
// added to what is normalised.
struct NormForward {
  const float* in;
  const float* out;
  const std::uint16_t* rounded_out;
  bool added;
};
struct NormGradients {
  float* d_out;  // what was added has its gradient there afterwards
  float* d_in;   // or null
  float* d_scale;
  float* d_shift;
  const float* d_out_more = nullptr;      // the rest of d_out
  std::uint16_t* rounded_d_in = nullptr;  // instead of d_in, as bf16
};

// kernels/dropout.h in plain numbers.
struct Drops {
  std::uint32_t low;
  std::uint32_t high;
  std::uint32_t below;
  float factor;
};

// One image's convolution in plain numbers. Channels-last, the numbers of a patch that lie in one
// row lie side by side. `in` is the image with its padding around it. `weight` is ordered for the
// loop that reads it, zeros where channels or patches do not fill a pack:
//   forward, backward_weight: (block of channels, kernel row, patch row, channel of the block)
//   backward_data:            (kernel row, channel, patch row filled up)
struct ImageConv {
  std::size_t out_channels;  // fewer than kConvPack, or whole packs of that
  std::size_t out_height;
  std::size_t out_width;
  std::size_t kernel_height;
  std::size_t patch_row;         // kernel width x channels
  std::size_t patch_row_packed;  // the same in whole packs of LayerLoops::conv_pack
  std::size_t pixel_step;        // in `in`, from one output pixel's patch to the next one's
  std::size_t row_step;          // in `in`, from one of its rows to the next
  std::size_t out_row_step;      // in `in`, from one row of output pixels to the next
  bool relu;
};

inline constexpr std::size_t kConvPack = 8;  // the narrowest

// Channels of a block: two packs where they come out even, else one; a narrow one where they do not
// fill a wide one.
[[nodiscard]] inline std::size_t conv_block(std::size_t out_channels, std::size_t wide_pack) {
  if (out_channels % (2 * wide_pack) == 0) return 2 * wide_pack;
  return out_channels % wide_pack == 0 ? wide_pack : kConvPack;
}

// Of matrices that lie without gaps, row by row, their columns whole packs of kWinogradPack.
struct SmallProduct {
  std::size_t rows;  // of c
  std::size_t columns;
  std::size_t inner;
  bool adds;  // to what c has
};

// Of Winograd's convolutions (kernels/cpu/winograd.h): their transforms, of all channels of one
// square. `places` are where its places' first channels lie, row by row; `products` are 36, `step`
// numbers from one to the next. Channels are whole packs of kWinogradPack. And products of matrices
// so small that oneDNN's calls take longer to begin than to compute.
struct WinogradLoops {
  using ToProducts = void (*)(const float* const* places, std::size_t channels, float* products,
                              std::size_t step);
  using ToTile = void (*)(const float* products, std::size_t step, const float* bias,
                          std::size_t channels, float* const* places);
  ToProducts window;   // of 6x6 pixels
  ToProducts weights;  // of 3x3
  ToProducts d_tile;   // of 4x4 gradients
  void (*d_weights)(const float* products, std::size_t step, std::size_t channels,
                    float* const* places);
  ToTile tile;
  ToTile tile_relu;
  using Product = void (*)(const SmallProduct& product, const float* a, const float* b, float* c);
  Product product;             // c = a b
  Product transposed_product;  // c = a^T b; a's columns are whole packs, too
  std::size_t few_channels;    // up to so many, these two are faster than oneDNN's
};
inline constexpr std::size_t kWinogradPack = 16;

// Where the loops below beat oneDNN's convolutions.
enum class ConvUse { kNever, kOddChannels, kAlways };

struct LayerLoops {
  // d_out = d_out where out > 0, else 0.
  void (*mask)(const float* out, const float* d_out, float* d_in, std::size_t count);
  void (*relu)(const float* in, float* out, std::size_t count);
  void (*round_to_bf16)(const float* in, float* out, std::size_t count);
  void (*round_to_bits)(const float* in, std::uint16_t* out, std::size_t count);
  void (*expand_bf16)(const std::uint16_t* in, float* out, std::size_t count);
  void (*sum_rows)(const Rows& rows, const float* in, float* row);
  // `sums`, here and below, are two for each column, the first ones before the second ones. The
  // first here is that over all rows of the gradient, masked, before it is rounded.
  void (*mask_and_sum)(const Rows& rows, const OutputGradient& gradient, double* sums);
  void (*pool_max)(const Windows& windows, const float* in, float* out);
  void (*pool_average)(const Windows& windows, const float* in, float* out);
  // These overwrite d_in.
  void (*pool_max_backward)(const Windows& windows, const float* in, const float* out,
                            const float* d_out, float* d_in);
  void (*pool_average_backward)(const Windows& windows, const float* d_out, float* d_in);
  void (*add)(const float* a, const float* b, bool relu, float* out, std::size_t count);
  // Of distances from the row `near`, and of their squares.
  void (*batchnorm_sums)(const Rows& rows, const float* in, const float* near, double* sums);
  // `added` may be null.
  void (*batchnorm_apply)(const NormRows& norm, const float* in, const float* added,
                          const NormChannels& channels, const NormOutputs& outputs);
  // Of d_out, which is masked before, and of its products with distances from the mean.
  void (*batchnorm_backward_sums)(const NormRows& norm, const NormForward& forward,
                                  const NormChannels& channels, const NormGradients& gradients,
                                  double* sums);
  // After those, with what they have come to in d_scale and d_shift: d_in of some of `all_rows`.
  void (*batchnorm_backward_data)(const NormRows& norm, const NormForward& forward,
                                  const NormChannels& channels, const NormGradients& gradients,
                                  std::size_t all_rows);
  // Rows by their own moments; `relu` is not looked at. Backward sums up what d_scale and d_shift
  // are to be.
  void (*layernorm)(const NormRows& norm, const float* in, const float* scale, const float* shift,
                    float* out);
  void (*layernorm_backward)(const NormRows& norm, const float* in, const float* scale,
                             const NormGradients& gradients, double* sums);
  void (*gelu)(const float* in, float* out, std::size_t count);
  void (*gelu_backward)(const float* in, const float* d_out, float* d_in, std::size_t count);
  void (*dropout)(const Drops& drops, const float* in, float* out, std::size_t count);
  // One row of at least one number, in place if asked. Backward: d = factor p (d - sum of p d).
  void (*softmax)(const float* in, float* out, std::size_t count);
  void (*softmax_backward)(const float* p, float* d, float factor, std::size_t count);
  // One image. Where channels do not fill a pack, these reach up to conv_pack beyond the end of
  // out, d_out and d_in. The backward ones add to d_in, a padded image, and to d_weight.
  void (*conv)(const ImageConv& conv, const float* in, const float* weight, const float* bias,
               float* out);
  void (*conv_backward_data)(const ImageConv& conv, const float* d_out, const float* weight,
                             float* d_in);
  void (*conv_backward_weight)(const ImageConv& conv, const float* in, const float* d_out,
                               float* d_weight);
  WinogradLoops winograd;
  std::size_t conv_pack;  // numbers of a wide pack
  ConvUse conv_use;
};

extern const LayerLoops kPlainLayers;
#if defined(__x86_64__)
extern const LayerLoops kV3Layers;
extern const LayerLoops kV4Layers;
#endif

// The ones for this processor. Thread-safe.
[[nodiscard]] const LayerLoops& layer_loops();

}  // namespace kernels::cpu
