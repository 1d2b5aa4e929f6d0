#pragma once
// What must hold between keys, once each is right by itself.

#include <string>
#include <string_view>
#include <vector>

#include "peers/config.h"

namespace peers {

struct Problem {
  std::string_view key;
  std::string message;
};

// Looks at the file system too: files and folders that the run needs must be there.
[[nodiscard]] std::vector<Problem> check_config(const Config& config);

// What is allowed and yet worth a word in the log before the run: "key: why", one each.
[[nodiscard]] std::vector<std::string> warnings_of(const Config& config);

}  // namespace peers
