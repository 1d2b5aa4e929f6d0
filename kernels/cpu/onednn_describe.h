#pragma once
// oneDNN 2 describes a primitive in two steps, oneDNN 3 in one; this serves both.

#include <oneapi/dnnl/dnnl.hpp>

#include "kernels/shapes.h"

namespace kernels::cpu {

// The arguments are those of oneDNN 3's constructors between engine and attributes.
template <typename Primitive, typename... Arguments>
typename Primitive::primitive_desc describe(const dnnl::engine& engine,
                                            const dnnl::primitive_attr& attributes,
                                            const Arguments&... arguments) {
  if constexpr (requires { typename Primitive::desc; })
    return {typename Primitive::desc(arguments...), attributes, engine};
  else
    return {engine, arguments..., attributes};
}

// The same of a backward pass; `forward` describes the pass that it goes back over.
template <typename Primitive, typename Forward, typename... Arguments>
typename Primitive::primitive_desc describe_backward(const dnnl::engine& engine,
                                                     const dnnl::primitive_attr& attributes,
                                                     const Forward& forward,
                                                     const Arguments&... arguments) {
  if constexpr (requires { typename Primitive::desc; })
    return {typename Primitive::desc(arguments...), attributes, engine, forward};
  else
    return {engine, arguments..., forward, attributes};
}

template <typename PostOps>
void append_relu(PostOps& post_ops) {
  constexpr auto kRelu = dnnl::algorithm::eltwise_relu;
  if constexpr (requires { post_ops.append_eltwise(1.0F, kRelu, 0.0F, 0.0F); })
    post_ops.append_eltwise(1.0F, kRelu, 0.0F, 0.0F);
  else
    post_ops.append_eltwise(kRelu, 0.0F, 0.0F);
}

inline dnnl_dim_t dim(std::size_t count) { return static_cast<dnnl_dim_t>(count); }

inline dnnl::primitive_attr attributes(Activation activation) {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  if (activation == Activation::kRelu) {
    dnnl::post_ops fused;
    append_relu(fused);
    attributes.set_post_ops(fused);
  }
  return attributes;
}

}  // namespace kernels::cpu
