#include <charconv>
#include <cmath>
#include <cstddef>
#include <fstream>
#include <optional>
#include <string>
#include <utility>

#include "gossip/topology/kinds.h"

namespace gossip {
namespace {

// A cycle of matrices: B * N rows of N numbers. In round t, row i and column j of matrix t mod B
// say whether peer number j pushes to peer number i. Numbers are PeerIds, so the rest keep their
// edges when one dies.
class FromFile final : public Topology {
 public:
  FromFile(std::string path, std::vector<std::vector<bool>> rows)
      : path_(std::move(path)), rows_(std::move(rows)), peer_count_(rows_.front().size()) {}

  [[nodiscard]] List<runtime::PeerId> out_neighbours(std::uint64_t round,
                                                     std::span<const runtime::PeerId> members,
                                                     runtime::PeerId self,
                                                     ListMemory memory) const override {
    List<runtime::PeerId> receivers(memory);
    for (const runtime::PeerId member : members)
      if (pushes(round, self, member)) receivers.push_back(member);
    return receivers;
  }

  [[nodiscard]] List<runtime::PeerId> in_neighbours(std::uint64_t round,
                                                    std::span<const runtime::PeerId> members,
                                                    runtime::PeerId self,
                                                    ListMemory memory) const override {
    List<runtime::PeerId> senders(memory);
    for (const runtime::PeerId member : members)
      if (pushes(round, member, self)) senders.push_back(member);
    return senders;
  }

  [[nodiscard]] bool constant() const override { return rows_.size() == peer_count_; }

  [[nodiscard]] bool symmetric() const override {
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      const std::size_t first_row = i - i % peer_count_;
      for (std::size_t j = 0; j < peer_count_; ++j)
        if (rows_[i][j] != rows_[first_row + j][i % peer_count_]) return false;
    }
    return true;
  }

  [[nodiscard]] runtime::Status check(std::size_t peer_count) const override {
    if (peer_count == peer_count_) return {};
    return runtime::Error{path_ + ": a topology of " + std::to_string(peer_count_) +
                          " peers, but the run has " + std::to_string(peer_count)};
  }

 private:
  [[nodiscard]] bool pushes(std::uint64_t round, runtime::PeerId from, runtime::PeerId to) const {
    const std::uint64_t column = runtime::value_of(from);
    const std::uint64_t row = runtime::value_of(to);
    if (from == to || column >= peer_count_ || row >= peer_count_) return false;
    const std::size_t first_row = round % (rows_.size() / peer_count_) * peer_count_;
    return rows_[first_row + row][column];
  }

  std::string path_;
  std::vector<std::vector<bool>> rows_;
  std::size_t peer_count_;
};

constexpr std::string_view kBlanks = " \t\r";

// The numbers of one line, separated by blanks or commas; true where not zero. Empty: no number
// where one was expected.
std::optional<std::vector<bool>> parse_row(std::string_view line) {
  std::vector<bool> row;
  while (true) {
    line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
    double number = 0.0;
    const auto parsed = std::from_chars(line.data(), line.data() + line.size(), number);
    if (parsed.ec != std::errc{}) return std::nullopt;
    if (!std::isfinite(number) || number < 0.0) return std::nullopt;
    row.push_back(number != 0.0);

    const auto used = static_cast<std::size_t>(parsed.ptr - line.data());
    line.remove_prefix(used);
    const std::size_t next = line.find_first_not_of(kBlanks);
    if (next == std::string_view::npos) return row;
    if (line[next] != ',' && next == 0) return std::nullopt;  // something sticks to the number
    line.remove_prefix(line[next] == ',' ? next + 1 : next);
  }
}

runtime::Error error_at(const std::string& path, std::size_t line, const std::string& what) {
  return {path + ":" + std::to_string(line) + ": " + what};
}

runtime::Result<std::vector<std::vector<bool>>> read_rows(const std::string& path) {
  std::ifstream file(path);
  if (!file) return runtime::Error{path + ": cannot be opened"};
  std::vector<std::vector<bool>> rows;
  std::size_t line_number = 0;
  for (std::string line; std::getline(file, line);) {
    ++line_number;
    const std::string_view text = std::string_view(line).substr(0, line.find('#'));
    if (text.find_first_not_of(kBlanks) == std::string_view::npos) continue;
    std::optional<std::vector<bool>> row = parse_row(text);
    if (!row)
      return error_at(path, line_number,
                      "expected numbers, zero or more, separated by blanks or commas");
    if (!rows.empty() && row->size() != rows.front().size())
      return error_at(path, line_number,
                      std::to_string(row->size()) + " numbers, but the rows above have " +
                          std::to_string(rows.front().size()));
    rows.push_back(std::move(*row));
  }
  if (file.bad()) return error_at(path, line_number, "cannot be read further");
  if (rows.empty()) return runtime::Error{path + ": no rows"};
  if (rows.size() % rows.front().size() != 0)
    return error_at(path, line_number,
                    std::to_string(rows.size()) + " rows, expected a multiple of " +
                        std::to_string(rows.front().size()) + ", the numbers in each");
  return rows;
}

}  // namespace

MadeTopology make_from_file(const TopologyOptions& options) {
  if (options.file.empty())
    return runtime::Error{"topology \"file\": no file is named (topology_file)"};
  runtime::Result<std::vector<std::vector<bool>>> rows = read_rows(options.file);
  if (!rows.ok()) return rows.error();
  return std::unique_ptr<Topology>(
      std::make_unique<FromFile>(options.file, std::move(rows).value()));
}

}  // namespace gossip
