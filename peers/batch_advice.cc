#include "peers/batch_advice.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace peers {
namespace {

constexpr double kLittle = 0.1;  // of B_S

std::string_view verdict(double batch, double scale) {
  if (batch > scale)
    return "more samples a step shorten training little: smaller batches, or more local steps";
  if (batch < kLittle * scale) return "larger batches, or more peers, would still pay in full";
  return "within it";
}

}  // namespace

std::string batch_advice(const BatchFigures& figures) {
  const double scale = figures.global > 0.0 ? figures.global : figures.local;
  if (scale <= 0.0) return "";
  std::string text = fmt::format("gradient noise scale {:.0f}", scale);
  if (figures.global > 0.0 && figures.local > 0.0)
    text += fmt::format(" of all peers' samples, {:.0f} of one's own", figures.local);
  text += fmt::format(
      "; worth their number: {:.0f} to {:.0f} samples a step of all together, now {:.0f}",
      std::max(1.0, kLittle * scale), scale, figures.batch);
  return text + fmt::format(": {}", verdict(figures.batch, scale));
}

}  // namespace peers
