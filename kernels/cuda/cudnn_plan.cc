#include "kernels/cuda/cudnn_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "runtime/check.h"

namespace kernels::cuda {
namespace {

using Note = cudnnBackendNumericalNote_t;

// One for each layer of a shape, in training and in evaluation; beyond, the oldest is made anew.
constexpr std::size_t kPacksMax = 128;

// What no engine may do for us. Runs repeat themselves to the bit, factors are rounded by us or not
// at all, and sums are f32 or better (kernels/precision.h). Transforms, of Winograd's kind or
// Fourier's, round in between: with bf16 factors that is another definition, and whether f32 ones
// keep the tolerances of tests/kernels/operator_cases.h has not been measured.
constexpr std::array kRefused{CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC,
                              CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS,
                              CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION,
                              CUDNN_NUMERICAL_NOTE_WINOGRAD,
                              CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_4x4,
                              CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_6x6,
                              CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_13x13,
                              CUDNN_NUMERICAL_NOTE_FFT};

bool is_refused(Note note, const EngineTerms& terms) {
  if (note == CUDNN_NUMERICAL_NOTE_TENSOR_CORE) return !terms.tensor_cores;
  return std::ranges::find(kRefused, note) != kRefused.end();
}

// Whether an engine's configuration computes what we promise; not where cuDNN does not say.
bool is_exact(cudnnBackendDescriptor_t config, const EngineTerms& terms) {
  auto engine = empty_descriptor(CUDNN_BACKEND_ENGINE_DESCRIPTOR);
  if (!engine) return false;
  std::array<cudnnBackendDescriptor_t, 1> written{engine->get()};
  if (!read_attribute(config, CUDNN_ATTR_ENGINECFG_ENGINE, written)) return false;
  std::array<Note, CUDNN_NUMERICAL_NOTE_TYPE_COUNT> notes{};
  const auto count = read_attribute(engine->get(), CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, notes);
  if (!count || *count > notes.size()) return false;
  return std::none_of(notes.begin(), notes.begin() + static_cast<std::ptrdiff_t>(*count),
                      [&](Note note) { return is_refused(note, terms); });
}

// What cuDNN would compute a graph with, best first.
runtime::Result<std::vector<Descriptor>> configs_of(cudnnBackendDescriptor_t graph,
                                                    cudnnBackendHeurMode_t mode) {
  constexpr auto kResults = CUDNN_ATTR_ENGINEHEUR_RESULTS;
  auto heuristics = make_descriptor(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR,
                                    {attribute(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph),
                                     attribute(CUDNN_ATTR_ENGINEHEUR_MODE, mode)});
  if (!heuristics) return heuristics.error();
  std::vector<cudnnBackendDescriptor_t> written;
  const auto count = read_attribute(heuristics->get(), kResults, written);
  if (!count) return count.error();
  std::vector<Descriptor> configs;
  for (std::size_t i = 0; i < *count; ++i) {
    auto config = empty_descriptor(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
    if (!config) return config.error();
    written.push_back(config->get());
    configs.push_back(std::move(config).value());
  }
  const auto found = read_attribute(heuristics->get(), kResults, written);
  if (!found) return found.error();
  configs.resize(std::min(*found, configs.size()));
  return configs;
}

}  // namespace

void PlanData::add(std::int64_t id, const void* address) {
  ids_.at(count_) = id;
  addresses_.at(count_++) = address;
}

void PlanData::add(std::int64_t id, float value) {
  ids_.at(count_) = id;
  by_value_.at(count_) = true;
  values_.at(count_++) = value;
}

std::array<void*, PlanData::kTensorsMax> PlanData::addresses() const {
  std::array<void*, kTensorsMax> all{};
  for (std::size_t i = 0; i < count_; ++i)
    all[i] = const_cast<void*>(by_value_[i] ? &values_[i] : addresses_[i]);
  return all;
}

runtime::Result<Plan> Plan::find(cudnnHandle_t handle, const std::vector<Descriptor>& graph,
                                 const EngineTerms& terms) {
  runtime::Error last{"it suggests none"};
  for (const auto mode : {CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_FALLBACK}) {
    auto configs = configs_of(graph.back().get(), mode);
    if (!configs) last = configs.error();
    if (!configs || configs->empty()) continue;
    auto plan = first_of(handle, std::move(configs).value(), terms);
    if (plan) return plan;
    last = plan.error();
  }
  return last;
}

runtime::Result<Plan> Plan::first_of(cudnnHandle_t handle, std::vector<Descriptor> configs,
                                     const EngineTerms& terms) {
  runtime::Error last{"none is as exact as we promise"};
  for (Descriptor& config : configs) {
    if (!is_exact(config.get(), terms)) continue;
    auto plan = make(handle, std::move(config), terms);
    if (plan) return plan;
    last = plan.error();
  }
  return last;
}

runtime::Result<Plan> Plan::make(cudnnHandle_t handle, Descriptor config,
                                 const EngineTerms& terms) {
  auto made = make_descriptor(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR,
                              {attribute(CUDNN_ATTR_EXECUTION_PLAN_HANDLE, handle),
                               attribute(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, config.get())});
  if (!made) return made.error();
  std::array<std::int64_t, 1> bytes{};
  const auto read_bytes =
      read_attribute(made->get(), CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, bytes);
  if (!read_bytes) return read_bytes.error();
  Plan plan;
  plan.workspace_bytes_ = static_cast<std::size_t>(bytes[0]);
  if (plan.workspace_bytes_ > terms.workspace_bytes_max)
    return runtime::Error{fmt::format("{} MiB of working memory, at most {}",
                                      plan.workspace_bytes_ >> 20U,
                                      terms.workspace_bytes_max >> 20U)};
  if (plan.workspace_bytes_ < terms.workspace_bytes_min)
    return runtime::Error{fmt::format("{} bytes of working memory, at least {}",
                                      plan.workspace_bytes_, terms.workspace_bytes_min)};
  plan.config_ = std::move(config);
  plan.plan_ = std::move(made).value();
  return plan;
}

runtime::Result<cudnnBackendDescriptor_t> Plan::pack_of(const PlanData& data) {
  const auto found = std::ranges::find_if(packs_, [&](const Pack& p) { return *p.data == data; });
  if (found != packs_.end()) return found->descriptor.get();
  auto kept = std::make_unique<const PlanData>(data);
  const auto addresses = kept->addresses();
  auto made = make_descriptor(
      CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR,
      {Attribute{CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, kept->count(), kept->ids()},
       Attribute{CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, kept->count(),
                 addresses.data()},
       Attribute{CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, 1, &kept->workspace}});
  if (!made) return made.error();
  Pack pack{std::move(kept), std::move(made).value()};
  cudnnBackendDescriptor_t descriptor = pack.descriptor.get();
  if (packs_.size() < kPacksMax) {
    packs_.push_back(std::move(pack));
  } else {
    packs_[oldest_] = std::move(pack);
    oldest_ = (oldest_ + 1) % kPacksMax;
  }
  return descriptor;
}

runtime::Status Plan::run(cudnnHandle_t handle, const PlanData& data) {
  const auto pack = pack_of(data);
  if (!pack) return pack.error();
  const cudnnStatus_t status = cudnnBackendExecute(handle, plan_.get(), *pack);
  if (status == CUDNN_STATUS_SUCCESS) return {};
  const runtime::Error error = refusal("cudnnBackendExecute", status);
  // Anything else is a bug or a broken machine, as elsewhere (kernels/cuda/status.h).
  if (CUDNN_STATUS_CATEGORY(status) != CUDNN_STATUS_NOT_SUPPORTED)
    runtime::fail_check(__FILE__, __LINE__, error.message.c_str());
  return error;
}

}  // namespace kernels::cuda
