#include "peers/live_table.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace peers {
namespace {

constexpr runtime::Duration kRedrawAfter{250'000'000};
constexpr runtime::Duration kLineAfter{2'000'000'000};

std::string percent(const std::optional<double>& accuracy) {
  return accuracy ? fmt::format("{:.2f} %", 100.0 * *accuracy) : std::string("-");
}

}  // namespace

LiveTable::LiveTable(std::string title, runtime::Instant start)
    : title_(std::move(title)),
      start_(start),
      drawn_at_(start),
      terminal_(::isatty(STDERR_FILENO) == 1) {}

void LiveTable::draw(const std::vector<PeerRow>& rows, runtime::Instant now, bool now_please) {
  if (!now_please && now - drawn_at_ < (terminal_ ? kRedrawAfter : kLineAfter)) return;
  drawn_at_ = now;
  const double seconds = runtime::to_seconds(now - start_);
  if (terminal_)
    draw_table(rows, seconds);
  else
    draw_line(rows, seconds);
}

void LiveTable::draw_table(const std::vector<PeerRow>& rows, double seconds) {
  std::string text;
  if (lines_drawn_ > 0)
    text += fmt::format("\x1b[{}A", lines_drawn_);  // cursor up to where the table began
  text += fmt::format("\x1b[K{}  {:.0f} s\n", title_, seconds);
  text += fmt::format("\x1b[K{:<8} {:<12} {:>7} {:>8} {:>9} {:>10} {:>8} {:>10}\n", "peer", "state",
                      "epoch", "step", "loss", "accuracy", "weight", "samples/s");
  for (const PeerRow& row : rows) {
    text += fmt::format("\x1b[K{:<8} {:<12} {:>7.2f} {:>8} {:>9.4f} {:>10} {:>8.3f} {:>10.0f}\n",
                        row.name, row.loud.empty() ? row.state : row.loud, row.epoch, row.step,
                        row.loss, percent(row.accuracy), row.weight, row.samples_per_second);
  }
  lines_drawn_ = rows.size() + 2;
  fmt::print(stderr, "{}", text);
}

void LiveTable::draw_line(const std::vector<PeerRow>& rows, double seconds) {
  double samples_per_second = 0.0;
  double loss = 0.0;
  double epoch = 0.0;
  std::optional<double> worst;
  std::size_t at_work = 0;
  std::string loud;
  for (const PeerRow& row : rows) {
    samples_per_second += row.samples_per_second;
    loss += row.loss;
    epoch += row.epoch;
    if (row.state == "training") ++at_work;
    if (!row.loud.empty()) loud += fmt::format(", {} {}", row.name, row.loud);
    if (row.accuracy) worst = std::min(worst.value_or(1.0), *row.accuracy);
  }
  const double count = std::max(1.0, static_cast<double>(rows.size()));
  fmt::print(stderr,
             "{}: {:.0f} s, {} of {} peers training, epoch {:.2f}, loss {:.4f}, lowest accuracy "
             "{}, {:.0f} samples/s{}\n",
             title_, seconds, at_work, rows.size(), epoch / count, loss / count, percent(worst),
             samples_per_second, loud);
}

}  // namespace peers
