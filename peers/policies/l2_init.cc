#include "peers/policies/l2_init.h"

#include <utility>

namespace peers {

L2Init::L2Init(double strength, kernels::Buffer start, kernels::Backend& backend)
    : strength_(strength), start_(std::move(start)), backend_(&backend) {}

void L2Init::add_to(kernels::ConstView estimate, kernels::View gradient) {
  backend_->axpy(2.0 * strength_, estimate, gradient);
  backend_->axpy(-2.0 * strength_, start_.view(), gradient);
}

}  // namespace peers
