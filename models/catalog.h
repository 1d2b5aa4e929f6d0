#pragma once
// Names that a user may choose from, each with a line that says what it is.

#include <algorithm>
#include <span>
#include <string>
#include <string_view>

namespace models {

struct CatalogEntry {
  std::string_view name;
  std::string_view summary;
};

[[nodiscard]] inline bool contains(std::span<const CatalogEntry> catalog, std::string_view name) {
  return std::ranges::any_of(catalog, [name](const auto& entry) { return entry.name == name; });
}

// "mlp, lenet5, logistic": for a refusal.
[[nodiscard]] inline std::string names_of(std::span<const CatalogEntry> catalog) {
  std::string names;
  for (const CatalogEntry& entry : catalog) {
    if (!names.empty()) names += ", ";
    names += entry.name;
  }
  return names;
}

}  // namespace models
