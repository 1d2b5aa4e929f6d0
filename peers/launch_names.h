#pragma once

#include <cstddef>
#include <string>

namespace peers {

// What a launcher calls its peers: p0, p1, ...
[[nodiscard]] inline std::string launched_name(std::size_t index) {
  return "p" + std::to_string(index);
}

}  // namespace peers
