#pragma once
// Where the time of a few steps goes, as a Chrome trace: for chrome://tracing, Perfetto and other
// viewers of the Trace Event Format.

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "models/pass_watch.h"
#include "runtime/clock.h"
#include "runtime/result.h"

namespace peers {

// Spans within spans, of one thread.
class StepTrace final : public models::PassWatch {
 public:
  explicit StepTrace(const runtime::Clock& clock) : clock_(&clock) {}

  void begin(std::string_view category, std::string_view name) override;
  void end() override;  // of the span begun last that has not ended

  [[nodiscard]] std::string to_json() const;  // all spans have ended
  [[nodiscard]] runtime::Status write(const std::filesystem::path& path) const;

 private:
  struct Span {
    std::string category;
    std::string name;
    runtime::Instant begin;
    runtime::Instant end;
  };
  const runtime::Clock* clock_;
  std::vector<Span> spans_;        // in the order in which they began
  std::vector<std::size_t> open_;  // of them, the innermost last
};

}  // namespace peers
