#include "peers/config_faults.h"

#include <fmt/format.h>

#include <cmath>

namespace peers {
namespace {

bool read_at(const TomlValue& value, FaultConfig& fault) {
  if (const auto* integer = std::get_if<std::int64_t>(&value.value))
    fault.at = static_cast<double>(*integer);
  else if (const auto* number = std::get_if<double>(&value.value))
    fault.at = *number;
  else
    return false;
  return std::isfinite(fault.at) && fault.at >= 0.0;
}

bool read_kind(const TomlValue& value, FaultConfig& fault) {
  const auto* kind = std::get_if<std::string>(&value.value);
  if (kind != nullptr) fault.kind = *kind;
  return kind != nullptr;
}

bool read_peers(const TomlValue& value, FaultConfig& fault) {
  if (!value.is<TomlArray>()) return false;
  for (const TomlValue& item : value.items) {
    const auto* index = std::get_if<std::int64_t>(&item.value);
    if (index == nullptr || *index < 0) return false;
    fault.peers.push_back(static_cast<std::uint64_t>(*index));
  }
  return true;
}

bool read_entry(const TomlValue& value, FaultConfig& fault) {
  if (value.key == "at") return read_at(value, fault);
  if (value.key == "kind") return read_kind(value, fault);
  return value.key == "peers" && read_peers(value, fault);
}

}  // namespace

std::optional<FaultConfig> read_fault(const TomlValue& value) {
  constexpr std::size_t kKeys = 3;  // each once: TOML refuses a key given twice
  if (!value.is<TomlTable>() || value.items.size() != kKeys) return std::nullopt;
  FaultConfig fault;
  for (const TomlValue& entry : value.items) {
    if (!read_entry(entry, fault)) return std::nullopt;
  }
  return fault;
}

std::string fault_text(const FaultConfig& fault) {
  return fmt::format("{{ at = {}, kind = {}, peers = [{}] }}", toml_text(fault.at),
                     toml_text(fault.kind), fmt::join(fault.peers, ", "));
}

}  // namespace peers
