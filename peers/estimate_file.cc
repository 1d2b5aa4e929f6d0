#include "peers/estimate_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "models/checkpoint.h"
#include "peers/version.h"

namespace peers {
namespace {

// The laboratory's whole estimate as one tensor.
std::array<models::ParameterTensor, 1> plain_tensor(std::size_t count) {
  return {models::ParameterTensor{
      .name = "z", .shape = {count}, .offset = 0, .count = count, .storage = {}}};
}

}  // namespace

runtime::Status write_estimate(const std::filesystem::path& file, const models::Network* network,
                               std::span<const float> estimate, const EstimateNote& note) {
  const auto plain = plain_tensor(estimate.size());
  const std::span<const models::ParameterTensor> tensors =
      network != nullptr ? network->tensors() : plain;
  return models::write_checkpoint(file, tensors, estimate,
                                  {{"format", "pt"},
                                   {"murmur_version", std::string(kVersion)},
                                   {"run", note.run},
                                   {"peer", note.peer},
                                   {"step", std::to_string(note.step)},
                                   {"weight", fmt::format("{:.17g}", note.weight)}});
}

runtime::Result<std::vector<double>> read_estimate(const std::filesystem::path& file,
                                                   const models::Network* network,
                                                   std::size_t parameter_count) {
  auto checkpoint = models::read_checkpoint(file);
  if (!checkpoint) return checkpoint.error();
  std::vector<float> numbers(parameter_count);
  const auto plain = plain_tensor(parameter_count);
  const std::span<const models::ParameterTensor> tensors =
      network != nullptr ? network->tensors() : plain;
  if (auto restored = models::restore(*checkpoint, tensors, numbers); !restored) {
    return runtime::Error{file.string() + ": " + restored.error().message};
  }
  return std::vector<double>(numbers.begin(), numbers.end());
}

std::optional<Quality> evaluate_average(const RunSummary& summary, Objective& objective,
                                        kernels::Backend& backend) {
  const std::vector<double> mean = mean_estimate(summary.peers);
  if (mean.size() != objective.parameter_count() || mean.empty()) return {};
  kernels::Buffer device = backend.allocate(mean.size(), objective.scalar());
  if (objective.scalar() == kernels::Scalar::kF64) {
    backend.upload(std::span(mean), device.view());
  } else {
    const std::vector<float> numbers(mean.begin(), mean.end());
    backend.upload(std::span(numbers), device.view());
  }
  return objective.evaluate(device.view());
}

}  // namespace peers
