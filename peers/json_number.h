#pragma once

#include <cmath>
#include <nlohmann/json.hpp>

namespace peers {

// JSON has no infinity, and what is not finite is no figure: null.
[[nodiscard]] inline nlohmann::ordered_json json_number(double value) {
  return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json();
}

// 0 stands for what is not known: null.
[[nodiscard]] inline nlohmann::ordered_json known_number(double value) {
  return value > 0.0 ? json_number(value) : nlohmann::ordered_json();
}

}  // namespace peers
