#include "runtime/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>

namespace runtime {
namespace {

bool is_colour_refused() {
  const char* value =
      std::getenv("NO_COLOR");  // NOLINT(concurrency-mt-unsafe): nothing writes there
  return value != nullptr && *value != '\0';
}

std::string pattern_for(const std::string& name) {
  return name.empty() ? "%H:%M:%S.%e %^%l%$ %v" : "%H:%M:%S.%e %^%l%$ %n: %v";
}

}  // namespace

bool may_colour(int descriptor) { return ::isatty(descriptor) == 1 && !is_colour_refused(); }

struct Log::State {
  explicit State(const std::string& name) : logger(name) {}
  spdlog::logger logger;
};

Log::Log(const std::string& name) : state_(std::make_unique<State>(name)) {
  auto console = std::make_shared<spdlog::sinks::ansicolor_stderr_sink_mt>();
  console->set_color_mode(may_colour(STDERR_FILENO) ? spdlog::color_mode::always
                                                    : spdlog::color_mode::never);
  state_->logger.sinks().push_back(std::move(console));
  state_->logger.set_pattern(pattern_for(name));
  state_->logger.flush_on(spdlog::level::trace);
}
Log::~Log() = default;

Status Log::also_to(const std::string& path) {
  try {
    auto file = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path);
    file->set_pattern(pattern_for(state_->logger.name()));
    state_->logger.sinks().push_back(std::move(file));
    return {};
  } catch (const spdlog::spdlog_ex& error) {
    return Error{fmt::format("cannot write the log {}: {}", path, error.what())};
  }
}

void Log::write(Level level, std::string_view text) const {
  switch (level) {
    case Level::kInfo:
      return state_->logger.log(spdlog::level::info, text);
    case Level::kWarn:
      return state_->logger.log(spdlog::level::warn, text);
    case Level::kError:
      return state_->logger.log(spdlog::level::err, text);
  }
}

}  // namespace runtime
