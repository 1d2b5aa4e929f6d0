// What `murmur eval` and `murmur export` say.
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

#include "models/safetensors.h"
#include "peers/eval.h"
#include "peers/json_number.h"
#include "peers/parameter_file.h"
#include "peers/version.h"

namespace peers {
namespace {

using Json = nlohmann::ordered_json;

int fail(const runtime::Error& error) {
  fmt::print(stderr, "murmur: {}\n", error.message);
  return 1;
}

void print_json(const EvalOptions& options, const EvalReport& report) {
  const Judgement& judged = report.judgement;
  Json files = Json::array();
  for (const auto& path : options.checkpoints) files.push_back(path.string());
  Json bins = Json::array();
  for (const ConfidenceBin& bin : judged.bins)
    bins.push_back(
        Json{{"count", bin.count}, {"confidence", bin.confidence}, {"accuracy", bin.accuracy}});
  Json json{{"of", report.of},
            {"version", kVersion},
            {"checkpoints", files},
            {"predictions", judged.count},
            {"test_accuracy", json_number(judged.accuracy)},
            {"test_loss", json_number(judged.loss)},
            {"entropy", json_number(judged.entropy)},
            {"disagreement", json_number(judged.disagreement)},
            {"calibration_error", json_number(judged.calibration_error)},
            {"bins", bins}};
  if (report.sharpness)
    json["sharpness"] = Json{{"trace", json_number(report.sharpness->trace)},
                             {"curvature", json_number(report.sharpness->curvature)},
                             {"rise", json_number(report.sharpness->rise)},
                             {"rise_error", json_number(report.sharpness->rise_error)}};
  fmt::print("{}\n", json.dump(2));
}

// A row of the reliability plot: where the model is honest, the bar ends at the mark.
std::string reliability(const ConfidenceBin& bin) {
  constexpr double kWidth = 40.0;
  std::string row(static_cast<std::size_t>(std::lround(kWidth * bin.accuracy)), '=');
  row.resize(static_cast<std::size_t>(kWidth) + 1, ' ');
  row[static_cast<std::size_t>(std::lround(kWidth * bin.confidence))] = '|';
  return row;
}

void print_text(const EvalOptions& options, const EvalReport& report) {
  const Judgement& judged = report.judgement;
  fmt::print("{} of {}: accuracy {:.2f} %, loss {:.4f}, {} predictions\n", report.of,
             options.checkpoints.size(), 100.0 * judged.accuracy, judged.loss, judged.count);
  fmt::print("entropy {:.4f}, of it disagreement {:.4f} nats; calibration error {:.4f}\n",
             judged.entropy, judged.disagreement, judged.calibration_error);
  if (report.sharpness)
    fmt::print(
        "along what they disagree on: Tr(Xi) {:.3e}, Tr(H Xi) {:.3e}; the loss rises by {:.2e} +- "
        "{:.1e}\n",
        report.sharpness->trace, report.sharpness->curvature, report.sharpness->rise,
        report.sharpness->rise_error);
  fmt::print("{:>15} {:>9} {:>11} {:>9}  reliability: accuracy as =, confidence at |\n",
             "confidence in", "count", "confidence", "accuracy");
  for (std::size_t i = 0; i < kConfidenceBins; ++i) {
    const ConfidenceBin& bin = judged.bins[i];
    if (bin.count == 0) continue;
    constexpr double kBins = kConfidenceBins;
    fmt::print("({:.3f}, {:.3f}] {:>9} {:>11.4f} {:>9.4f}  {}\n", static_cast<double>(i) / kBins,
               static_cast<double>(i + 1) / kBins, bin.count, bin.confidence, bin.accuracy,
               reliability(bin));
  }
}

}  // namespace

int eval_command(const EvalOptions& options) {
  const auto report = evaluate_checkpoints(options);
  if (!report) return fail(report.error());
  options.json ? print_json(options, *report) : print_text(options, *report);
  return 0;
}

int export_command(const std::filesystem::path& checkpoint, const std::filesystem::path& to) {
  const auto file = read_parameters(checkpoint);
  if (!file) return fail(file.error());
  if (file->checkpoint.tensors.empty())
    return fail({fmt::format("{}: holds no parameters of f32", checkpoint.string())});
  std::vector<models::TensorSource> tensors;
  for (const models::NamedTensor& tensor : file->checkpoint.tensors)
    tensors.push_back(models::source_of(
        {tensor.name, "F32", tensor.shape, std::as_bytes(std::span(tensor.values))}));
  std::map<std::string, std::string> metadata{{"format", "pt"}};
  for (const char* key : {"murmur_version", "run", "peer", "step", "weight"}) {
    const auto said = file->checkpoint.metadata.find(key);
    if (said != file->checkpoint.metadata.end()) metadata.insert(*said);
  }
  const models::SafetensorsFile exported(std::move(tensors), metadata);
  if (auto written = exported.write(to); !written) return fail(written.error());
  fmt::print("{}: {} tensors, {} bytes\n", to.string(), file->checkpoint.tensors.size(),
             exported.bytes());
  return 0;
}

}  // namespace peers
