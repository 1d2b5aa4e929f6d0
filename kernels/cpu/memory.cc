#include <algorithm>

#include "kernels/cpu/backend.h"
#include "kernels/cpu/f32.h"
#include "kernels/cpu/threads.h"
#include "kernels/host_memory.h"
#include "kernels/vector.h"

namespace kernels::cpu {

CpuBackend::CpuBackend(std::size_t threads, Factors factors)
    : threads_(threads), factors_(factors), loops_(layer_loops()) {
  CHECK(threads >= 1);
  team_.emplace(threads, factors, loops_);
}

void CpuBackend::set_threads(std::size_t count) {
  CHECK(count >= 1);
  if (count == threads_) return;
  threads_ = count;
  team_.emplace(count, factors_, loops_);
}

OneDnn& CpuBackend::onednn() {
  use_threads(threads_);
  return team_->onednn;
}

std::string_view CpuBackend::name() const { return "cpu"; }

std::string CpuBackend::description() const {
  return "cpu, " + std::to_string(threads_) + (threads_ == 1 ? " thread, " : " threads, ") +
         std::string(vector::instruction_set()) + (precision() == Precision::kBf16 ? ", bf16" : "");
}

Precision CpuBackend::precision() const {
  return factors_ == Factors::kBf16 ? Precision::kBf16 : Precision::kF32;
}

Buffer CpuBackend::allocate(std::size_t count, Scalar scalar) {
  return allocate_host(count, scalar);
}

void CpuBackend::upload(ConstView host, View device) { copy_host(host, device); }

void CpuBackend::download(ConstView device, View host) { copy_host(device, host); }

void CpuBackend::synchronize() {}

bool CpuBackend::is_host() const { return true; }

const float* CpuBackend::bias_or_zeros(ConstView bias, std::size_t count) {
  return bias.empty() ? at_least(zeros_, count) : f32(bias);
}

namespace {

OutputGradient from(OutputGradient gradient, std::size_t first) {
  gradient.d_out += first;
  if (gradient.out != nullptr) gradient.out += first;
  if (gradient.rounded_out != nullptr) gradient.rounded_out += first;
  if (gradient.bits != nullptr) gradient.bits += first;
  return gradient;
}

}  // namespace

void CpuBackend::mask_and_sum(const Rows& rows, const OutputGradient& gradient, View d_bias) {
  const double* const sums = team_->sums.over(rows, [&](const RowPart& part, double* of_part) {
    const std::size_t first = part.first * rows.columns;
    loops_.mask_and_sum({part.count, rows.columns}, from(gradient, first), of_part);
  });
  if (d_bias.empty()) return;
  std::transform(sums, sums + rows.columns, f32(d_bias),
                 [](double sum) { return static_cast<float>(sum); });
}

}  // namespace kernels::cpu
