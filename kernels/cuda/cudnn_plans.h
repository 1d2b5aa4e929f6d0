#pragma once
// The plans of one kind of operator, found once and kept, on a device that may be recording.

#include <functional>
#include <optional>
#include <utility>

#include "kernels/cuda/cudnn_plan.h"
#include "kernels/cuda/device.h"
#include "kernels/cuda/plan_cache.h"
#include "runtime/check.h"

namespace kernels::cuda {

// One thread at a time; always the same device.
template <typename Key, typename Hash>
class CudnnPlans {
 public:
  using Find = runtime::Result<Plan> (*)(cudnnHandle_t handle, const Key& key);
  // What to say of a key without a plan; once for each as long as it is kept.
  using Refused =
      std::function<void(const Device& device, const Key& key, const runtime::Error& why)>;

  // `count_max`: at least 1.
  CudnnPlans(std::size_t count_max, Find find, Refused refused)
      : plans_(count_max), find_(find), refused_(std::move(refused)) {}

  // Whether there is one, looked for where that is not known yet.
  [[nodiscard]] bool has(Device& device, const Key& key) {
    return plan_of(device, key).has_value();
  }

  // Of a key that has a plan. False, and nothing queued, where it turns out not to be supported.
  [[nodiscard]] bool run(Device& device, const Key& key, PlanData data) {
    std::optional<Plan>& plan = plan_of(device, key);
    CHECK(plan.has_value());
    data.workspace = device.room(CudnnRoom::kWorkspace, plan->workspace_bytes());
    const runtime::Status ran = plan->run(device.cudnn(), data);
    if (ran) return true;
    if (device.is_recording()) {
      device.spoil_recording();
      return false;
    }
    device.synchronize();  // it may have run before
    device.end_epoch();
    plan.reset();
    refused_(device, key, ran.error());
    return false;
  }

 private:
  std::optional<Plan>& plan_of(Device& device, const Key& key) {
    if (std::optional<Plan>* const known = plans_.find(key)) return *known;
    if (device.is_recording()) {  // finding one may take memory, and kernels to be loaded
      device.spoil_recording();
      return none_;
    }
    if (plans_.is_full()) {
      device.synchronize();  // what goes may be running
      device.end_epoch();
    }
    std::optional<Plan>& kept = plans_.insert(key, {});
    auto plan = find_(device.cudnn(), key);
    if (plan)
      kept = std::move(plan).value();
    else
      refused_(device, key, plan.error());
    return kept;
  }

  PlanCache<Key, std::optional<Plan>, Hash> plans_;  // empty where there is no engine
  Find find_;
  Refused refused_;
  std::optional<Plan> none_;  // stays empty
};

}  // namespace kernels::cuda
