#include "peers/estimate_file.h"

#include <fmt/format.h>

#include "models/checkpoint.h"
#include "peers/checkpoint_file.h"
#include "peers/parameter_file.h"
#include "peers/seal.h"
#include "peers/version.h"

namespace peers {

runtime::Status write_estimate(const std::filesystem::path& file, const models::Network* network,
                               std::span<const float> estimate, const EstimateNote& note) {
  const auto tensors = tensors_of(network, estimate.size());
  models::SafetensorsFile written(models::sources_of(tensors, estimate),
                                  {{"format", "pt"},
                                   {"murmur_version", std::string(kVersion)},
                                   {"run", note.run},
                                   {"peer", note.peer},
                                   {"step", std::to_string(note.step)},
                                   {"weight", fmt::format("{:.17g}", note.weight)},
                                   seal_to_come()});
  seal(written);
  return written.write(file);
}

runtime::Result<std::vector<double>> read_estimate(const std::filesystem::path& file,
                                                   const models::Network* network,
                                                   std::size_t parameter_count) {
  const auto read = read_parameters(file);
  if (!read) return read.error();
  std::vector<float> numbers(parameter_count);
  const auto tensors = tensors_of(network, parameter_count);
  if (auto restored = models::restore(read->checkpoint, tensors, numbers); !restored) {
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
