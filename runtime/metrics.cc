#include "runtime/metrics.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <nlohmann/json.hpp>
#include <utility>

namespace runtime {
namespace {

// A place that lines go to.
struct Output {
  std::string name;
  int descriptor = -1;
  bool has_failed = false;
};

template <typename Value>
nlohmann::ordered_json to_json(const Value& value) {
  return value;
}
nlohmann::ordered_json to_json(const JsonText& json) {
  return nlohmann::ordered_json::parse(json.text);
}

std::string line_of(double seconds, std::string_view event, std::initializer_list<Field> fields) {
  nlohmann::ordered_json record;
  record["t"] = seconds;
  record["event"] = event;
  for (const Field& field : fields)
    std::visit([&](const auto& value) { record[std::string(field.name)] = to_json(value); },
               field.value);
  // Bytes that are no UTF-8 (a file name, say) are replaced; strictly they would be an exception.
  return record.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
}

// False with errno set when not everything could be written.
bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

struct Metrics::State {
  State(Instant when, const Log& where, std::array<Output, 2> both)
      : start(when), log(where), outputs(std::move(both)) {}
  ~State() { ::close(outputs.front().descriptor); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  Instant start;
  const Log& log;
  std::mutex mutex;
  std::array<Output, 2> outputs;  // our file, and the descriptor that was given
};

Metrics::Metrics(std::unique_ptr<State> state) : state_(std::move(state)) {}
Metrics::~Metrics() = default;

Result<std::unique_ptr<Metrics>> Metrics::open(const MetricsOptions& options, const Log& log) {
  const std::string path = options.folder + "/metrics.jsonl";
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return Error{fmt::format("cannot write {}: {}", path, std::strerror(errno))};
  const std::string other = fmt::format("descriptor {}", options.descriptor);
  return std::unique_ptr<Metrics>(new Metrics(std::make_unique<State>(
      options.start, log,
      std::array<Output, 2>{Output{path, file, false}, Output{other, options.descriptor, false}})));
}

void Metrics::write(Instant now, std::string_view event, std::initializer_list<Field> fields) {
  const std::string line = line_of(to_seconds(now - state_->start), event, fields);
  const std::lock_guard lock(state_->mutex);
  for (Output& output : state_->outputs) {
    if (output.descriptor < 0 || write_all(output.descriptor, line)) continue;
    if (!std::exchange(output.has_failed, true))
      state_->log.error("cannot write metrics to {}: {}; some records will be missing", output.name,
                        std::strerror(errno));
  }
}

}  // namespace runtime
