#include "kernels/cuda/blaslt.h"

#include <cstddef>
#include <cstdint>
#include <optional>

#include "kernels/cuda/blaslt_plan.h"
#include "kernels/cuda/device.h"
#include "kernels/cuda/plan_cache.h"
#include "runtime/log.h"

namespace kernels::cuda {
namespace {

// A transformer of a dozen blocks has some 50 layers, each with a product forward and two backward,
// and that for each batch size. Beyond, what was not used for longest is planned again when it is.
constexpr std::size_t kPlansMax = 1024;

// Kernels may read so many bytes of a bias at once, and no preference tells them not to.
bool may_be_read(const float* bias) {
  constexpr std::uintptr_t kBytes = 16;
  return reinterpret_cast<std::uintptr_t>(bias) % kBytes == 0;
}

}  // namespace

struct BlasLt::State {
  // Empty where there is no kernel.
  PlanCache<BlasLtKey, std::optional<BlasLtPlan>, BlasLtKeyHash> plans{kPlansMax};

  std::optional<BlasLtPlan>& plan_of(const Device& device, const BlasLtKey& key,
                                     const BlasOperands& operands) {
    if (std::optional<BlasLtPlan>* const known = plans.find(key)) return *known;
    std::optional<BlasLtPlan>& kept = plans.insert(key, BlasLtPlan::find(device, key, operands));
    if (!kept) say_without_kernel(device, key);
    return kept;
  }

  // Of a fused one nothing: its parts are tried next.
  static void say_without_kernel(const Device& device, const BlasLtKey& key) {
    if (key.is_fused()) return;
    const BlasProduct& p = key.product;
    runtime::Log(device.name())
        .warn("cuBLASLt has no kernel for a product, which cuBLAS does instead: {}x{} by {}x{}, {}",
              p.columns, p.inner, p.inner, p.rows, name_of(p.precision));
  }
};

BlasLt::BlasLt() : state_(std::make_unique<State>()) {}
BlasLt::~BlasLt() = default;
BlasLt::BlasLt(BlasLt&&) noexcept = default;
BlasLt& BlasLt::operator=(BlasLt&&) noexcept = default;

bool BlasLt::multiply(Device& device, const BlasProduct& product, const BlasOperands& operands) {
  if (!may_be_read(operands.bias)) return false;
  const BlasLtKey key = key_of(product, operands);
  // While a stream is captured cuBLASLt may refuse to plan, and a plan's first use may load its
  // kernel. The same would be true of cuBLAS.
  if (device.is_recording() && state_->plans.find(key) == nullptr) {
    device.spoil_recording();
    return true;
  }
  std::optional<BlasLtPlan>& plan = state_->plan_of(device, key, operands);
  if (!plan) return false;
  if (plan->run(device, operands)) return true;
  if (device.is_recording()) {
    device.spoil_recording();
    return true;
  }
  plan.reset();
  State::say_without_kernel(device, key);
  return false;
}

}  // namespace kernels::cuda
