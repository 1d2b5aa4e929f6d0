#pragma once

#include <string>

namespace peers {

// What peers and keys of this machine are called where nobody says otherwise.
[[nodiscard]] std::string host_name();

}  // namespace peers
