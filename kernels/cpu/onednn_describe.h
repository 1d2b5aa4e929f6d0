#pragma once
// oneDNN 2 describes a primitive in two steps, oneDNN 3 in one; this serves both.

#include <oneapi/dnnl/dnnl.hpp>

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

}  // namespace kernels::cpu
