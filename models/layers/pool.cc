#include "models/layers/pool.h"

#include <fmt/format.h>

namespace models {

Pool::Pool(const kernels::PoolShape& shape) : shape_(shape) {}

std::string Pool::description() const {
  const char* kind = shape_.kind == kernels::PoolKind::kMax ? "max" : "average";
  std::string text = fmt::format("{} pool {}", kind, shape_.window);
  if (shape_.stride != shape_.window) text += fmt::format(" stride {}", shape_.stride);
  return text;
}

ImageShape Pool::output() const {
  return {.height = shape_.out_height(), .width = shape_.out_width(), .channels = shape_.channels};
}

kernels::PoolShape Pool::with_batch(std::size_t batch) const {
  kernels::PoolShape shape = shape_;
  shape.batch = batch;
  return shape;
}

BackwardReads Pool::backward_reads() const {
  if (shape_.kind == kernels::PoolKind::kAverage)
    return {.in = ReadsIn::kNothing, .out = ReadsOut::kNothing};
  // Where windows overlap, a number may be the largest of one and not of another.
  if (shape_.stride < shape_.window) return {};
  return {.in = ReadsIn::kWinners, .out = ReadsOut::kNothing};
}

void Pool::forward(kernels::Backend& backend, const ForwardViews& views) const {
  backend.pool_forward(with_batch(views.batch), views.in, views.out);
}

void Pool::backward(kernels::Backend& backend, const BackwardViews& views) const {
  if (views.d_in.empty()) return;
  backend.pool_backward(with_batch(views.batch), {.in = views.in, .out = views.out}, views.d_out,
                        views.d_in);
}

}  // namespace models
