#include "peers/host_name.h"

#include <unistd.h>

#include <array>
#include <climits>

namespace peers {

std::string host_name() {
  std::array<char, HOST_NAME_MAX + 1> host{};
  const bool known = ::gethostname(host.data(), host.size() - 1) == 0 && host.front() != '\0';
  return known ? host.data() : "peer";
}

}  // namespace peers
