#include "peers/seal.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "gossip/digest.h"
#include "runtime/check.h"

namespace peers {
namespace {

constexpr std::string_view kKey = "xxh3";
constexpr std::string_view kZeros = "0000000000000000";
// In the JSON of a header this can be nothing else: quotes within a text are escaped.
constexpr std::string_view kBefore = "\"xxh3\":\"";

// Where the digits are; empty: nowhere.
std::span<std::byte> digits_in(std::span<std::byte> file) {
  const auto pattern = std::as_bytes(std::span(kBefore));
  const auto found = std::search(file.begin(), file.end(), pattern.begin(), pattern.end());
  const std::size_t begin =
      static_cast<std::size_t>(found - file.begin()) + (found == file.end() ? 0 : pattern.size());
  const auto rest = file.subspan(begin);
  return rest.size() < kZeros.size() ? std::span<std::byte>() : rest.first(kZeros.size());
}

void put(std::string_view text, std::span<std::byte> place) {
  std::ranges::copy(std::as_bytes(std::span(text)), place.begin());
}

std::string checksum_of(const models::SafetensorsFile& file) {
  gossip::Digest digest;
  file.pour([&](std::span<const std::byte> bytes) { digest.add_bytes(bytes); });
  return fmt::format("{:016x}", digest.checksum());
}

}  // namespace

std::pair<const std::string, std::string> seal_to_come() {
  return {std::string(kKey), std::string(kZeros)};
}

void seal(models::SafetensorsFile& file) {
  const std::span<std::byte> digits = digits_in(file.head());
  CHECK(!digits.empty());
  put(checksum_of(file), digits);
}

runtime::Status check_seal(std::span<std::byte> file,
                           const std::map<std::string, std::string>& metadata) {
  const auto sealed = metadata.find(std::string(kKey));
  if (sealed == metadata.end()) return {};
  const std::span<std::byte> digits = digits_in(file);
  if (!digits.empty()) put(kZeros, digits);
  const std::string found = fmt::format("{:016x}", gossip::checksum(file));
  if (found == sealed->second) return {};
  return runtime::Error{
      fmt::format("damaged: its checksum is {}, it was written with {}", found, sealed->second)};
}

}  // namespace peers
