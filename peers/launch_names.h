#pragma once

#include <cstddef>
#include <string>

namespace peers {

// What a launcher calls its peers: p0, p1, ...
[[nodiscard]] inline std::string launched_name(std::size_t index) {
  return std::string("p").append(std::to_string(index));  // g++ 12 warns of +
}

}  // namespace peers
