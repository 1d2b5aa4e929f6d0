// What `murmur width-study` says.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "peers/json_number.h"
#include "peers/version.h"
#include "peers/width_study.h"
#include "runtime/clock.h"

namespace peers {
namespace {

using Json = nlohmann::ordered_json;

constexpr runtime::Duration kProgressEvery{2'000'000'000};

void print_json(const WidthStudyOptions& options, const std::vector<WidthRow>& rows) {
  Json shapes = Json::array();
  for (const WidthRow& row : rows) {
    Json epochs = Json::array();
    for (const std::optional<double>& one : row.epochs)
      epochs.push_back(one ? json_number(*one) : Json(nullptr));
    shapes.push_back(Json{{"depth", row.depth},
                          {"width", row.width},
                          {"parameters", row.parameters},
                          {"noise_at_start", json_number(row.noise_at_start)},
                          {"noise_on_way", json_number(row.noise_on_way)},
                          {"epochs", epochs},
                          {"batch_max", row.batch_max}});
  }
  const Json json{{"version", kVersion},        {"parameters", options.parameters},
                  {"target", options.target},   {"epochs_max", options.epochs_max},
                  {"seeds", options.seeds},     {"before", options.before},
                  {"batches", options.batches}, {"shapes", shapes}};
  fmt::print("{}\n", json.dump(2));
}

void print_text(const WidthStudyOptions& options, const std::vector<WidthRow>& rows) {
  fmt::print("passes over the data to {:.2f} % of the test set, by batch; -: not within {:g}\n",
             100.0 * options.target, options.epochs_max);
  fmt::print("{:>5} {:>5} {:>10} {:>9} {:>9}", "depth", "width", "parameters", "B_S start",
             "on way");
  for (const std::size_t batch : options.batches) fmt::print(" {:>7}", batch);
  fmt::print("  largest batch that costs no more than a quarter\n");
  for (const WidthRow& row : rows) {
    fmt::print("{:>5} {:>5} {:>10} {:>9.1f} {:>9.1f}", row.depth, row.width, row.parameters,
               row.noise_at_start, row.noise_on_way);
    for (const std::optional<double>& epochs : row.epochs)
      fmt::print(" {:>7}", epochs ? fmt::format("{:.2f}", *epochs) : "-");
    fmt::print("  {}\n", row.batch_max);
  }
}

}  // namespace

int width_study_command(const Config& config, const WidthStudyOptions& options, bool json) {
  const runtime::StopSignal stop = runtime::stop_on_sigint_or_sigterm();
  const runtime::WallClock clock;
  runtime::Instant said_at = clock.now();
  const auto progress = [&](std::size_t done, std::size_t runs) {
    if (clock.now() - said_at < kProgressEvery) return;
    said_at = clock.now();
    fmt::print(stderr, "width-study: {} of {} runs\n", done, runs);
  };
  const auto rows = width_study(config, options, stop, progress);
  if (!rows) {
    fmt::print(stderr, "murmur: {}\n", rows.error().message);
    return 1;
  }
  if (stop.requested()) return 130;
  json ? print_json(options, *rows) : print_text(options, *rows);
  return 0;
}

}  // namespace peers
