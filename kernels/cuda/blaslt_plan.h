#pragma once
// A product as cuBLASLt has planned it: which of its kernels computes it, and how.

#include <cublasLt.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "kernels/cuda/blaslt.h"
#include "kernels/shapes.h"

namespace kernels::cuda {

class Device;

// All that a plan depends on. Parameters lie anywhere in one vector, and a kernel that may read
// them so is a slow one: how each operand lies, in bytes up to 256, is part of it.
struct BlasLtKey {
  BlasProduct product;
  Activation activation = Activation::kNone;
  std::uint32_t left_alignment = 0;
  std::uint32_t right_alignment = 0;
  std::uint32_t out_alignment = 0;
  std::uint32_t bias_alignment = 0;  // 0: none

  bool operator==(const BlasLtKey&) const = default;
  // Whether more is in it than the product.
  [[nodiscard]] bool is_fused() const {
    return bias_alignment != 0 || activation != Activation::kNone;
  }
};

[[nodiscard]] BlasLtKey key_of(const BlasProduct& product, const BlasOperands& operands);

struct BlasLtKeyHash {
  std::size_t operator()(const BlasLtKey& key) const;
};

struct DestroyBlasLt {
  void operator()(cublasLtMatmulDescOpaque_t* operation) const;
  void operator()(cublasLtMatrixLayoutOpaque_t* layout) const;
  void operator()(cublasLtMatmulPreferenceOpaque_t* preference) const;
};
template <typename Opaque>
using BlasLtDescriptor = std::unique_ptr<Opaque, DestroyBlasLt>;
using BlasLtOperation = BlasLtDescriptor<cublasLtMatmulDescOpaque_t>;
using BlasLtLayout = BlasLtDescriptor<cublasLtMatrixLayoutOpaque_t>;

// The host's alone: what has been queued by one needs it no more.
class BlasLtPlan {
 public:
  // The kernel that cuBLASLt thinks fastest for operands that are, and lie, as the key says;
  // nothing where it has none. It measures nothing, so it is the same one every time.
  [[nodiscard]] static std::optional<BlasLtPlan> find(const Device& device, const BlasLtKey& key,
                                                      const BlasOperands& operands);

  // Whether it has been queued. Operands of the plan's key.
  [[nodiscard]] bool run(const Device& device, const BlasOperands& operands) const;

 private:
  BlasLtPlan(const BlasLtKey& key, const BlasOperands& operands);

  BlasLtOperation operation_;
  BlasLtLayout left_;
  BlasLtLayout right_;
  BlasLtLayout out_;
  cublasLtMatmulAlgo_t algorithm_ = {};
};

}  // namespace kernels::cuda
