#pragma once
// oneDNN behind a few functions: only files called kernels/cpu/onednn* name it. f32 in memory,
// images channels-last, weights as in kernels/shapes.h. A call's primitive is made at the first use
// of its shape and kept; later calls of that shape allocate nothing here. One thread at a time.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "kernels/shapes.h"

namespace kernels::cpu {

// c = factor a b, or that added to c, of rows x inner and inner x columns; a transposed matrix is
// stored columns-first. Each is part of a wider one, whose rows are so many numbers long.
struct MatrixProduct {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::size_t inner = 0;
  bool a_transposed = false;
  bool b_transposed = false;
  float factor = 1.0F;
  bool adds = false;
  std::size_t a_row = 0;
  std::size_t b_row = 0;
  std::size_t c_row = 0;
};
// Any thread; inside a team of for_parts() (kernels/cpu/threads.h) it computes alone. Always f32.
void multiply(const MatrixProduct& product, const float* a, const float* b, float* c);

// What the products of layers multiply (kernels/precision.h).
enum class Factors : std::uint8_t {
  kF32,
  kBf16,         // where bf16_lack() is empty
  kF32LikeBf16,  // f32 by the calls, copies and orders of kBf16, on any processor: for its tests
};

// Why oneDNN cannot multiply bf16 fast on this processor, for a person: "bf16 needs AVX-512 bf16 or
// AMX, and oneDNN finds AVX2 here". Empty where it can. Thread-safe.
[[nodiscard]] std::string bf16_lack();

// Of f32, or rounded ones of bf16: only with Factors::kBf16.
struct Numbers {
  const void* data;
  bool rounded;
};
struct Result {
  void* data;
  bool rounded;
};

class OneDnn {
 public:
  explicit OneDnn(Factors factors);
  ~OneDnn();
  OneDnn(const OneDnn&) = delete;
  OneDnn& operator=(const OneDnn&) = delete;

  // out = activation(in weight^T + bias)
  void dense_forward(const DenseShape& shape, const Numbers& in, const Numbers& weight,
                     const float* bias, const Result& out);
  void dense_backward_data(const DenseShape& shape, const Numbers& weight, const Numbers& d_out,
                           const Result& d_in);
  void dense_backward_weight(const DenseShape& shape, const Numbers& in, const Numbers& d_out,
                             float* d_weight);

  void conv_forward(const ConvShape& shape, const Numbers& in, const float* weight,
                    const float* bias, float* out);
  void conv_backward_data(const ConvShape& shape, const float* weight, const Numbers& d_out,
                          float* d_in);
  void conv_backward_weight(const ConvShape& shape, const Numbers& in, const Numbers& d_out,
                            float* d_weight);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kernels::cpu
