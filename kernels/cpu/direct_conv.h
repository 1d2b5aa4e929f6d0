#pragma once
// Our own convolutions, straight from the image without patches laid out in memory. On AVX2 they
// come to 95 per cent of the processor's peak where oneDNN's, on channels-last images, come to 20
// to 85: 0.34 ms and 0.66 ms for lenet5's first layer, 0.32 ms and 0.50 ms for its second (batch
// 64, one thread). With AVX-512 oneDNN comes to the peak
// where channels fill its packs; where they do not, ours take 0.14 and 0.12 ms (forward, gradient
// of the weights) for lenet5's first layer and oneDNN's 0.36 and 0.23, 0.29 and 0.39 (gradient of
// the images) for its second. Memory is kept from call to call; one thread at a time, which calls
// the others.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/cpu/loops.h"
#include "kernels/shapes.h"
#include "kernels/view.h"

namespace kernels::cpu {

// What a convolution reads of images: f32, as it is or to be rounded to bf16 on the way, or bf16.
struct ImageFactor {
  enum class Kind : std::uint8_t { kPlain, kToBeRounded, kBf16 };
  const void* data;
  Kind kind;
};

class DirectConv {
 public:
  DirectConv(std::size_t threads, const LayerLoops& loops);

  // Whether forward() and backward_weight() take this shape, and are the faster choice.
  [[nodiscard]] bool suits(const ConvShape& shape) const;
  // The same of backward_data().
  [[nodiscard]] bool suits_backward_data(const ConvShape& shape) const;

  void forward(const ConvShape& shape, const ImageFactor& in, const float* weight,
               const float* bias, float* out);
  void backward_data(const ConvShape& shape, const float* weight, const ImageFactor& d_out,
                     float* d_in);
  void backward_weight(const ConvShape& shape, const ImageFactor& in, const ImageFactor& d_out,
                       float* d_weight);

 private:
  // What one thread works in.
  struct Desk {
    Buffer image;     // padded
    Buffer edge;      // an image's output, with room for a pack beyond
    Buffer d_weight;  // over this thread's images
  };

  [[nodiscard]] bool takes(const ConvShape& shape) const;
  // Makes sure of the room that a shape needs.
  void reserve(const ConvShape& shape);
  // Calls action(desk, image, is the desk's last) for all images of the batch.
  template <typename Action>
  void for_images(std::size_t batch, Action action);
  // `count` numbers from the one at `index`, as f32, to `to`.
  void read(const ImageFactor& from, std::size_t index, std::size_t count, float* to) const;
  // Image n with its padding: itself where there is none and nothing to convert. `room` holds zeros
  // around the image.
  [[nodiscard]] const float* pad(const ConvShape& shape, const ImageFactor& in, std::size_t n,
                                 float* room) const;
  // The gradient of image n's output: itself, or in the desk where it is converted or `last`.
  [[nodiscard]] const float* gradient(const ConvShape& shape, const ImageFactor& d_out,
                                      std::size_t n, Desk& desk, bool last) const;
  void sum_into(const ConvShape& shape, float* d_weight);

  const LayerLoops& loops_;
  std::vector<Desk> desks_;
  Buffer weight_;  // in the order that the loops want
  Buffer bias_;
};

}  // namespace kernels::cpu
