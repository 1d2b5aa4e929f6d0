#pragma once
// Which endpoints one `listen` setting stands for.

#include <string>
#include <string_view>

#include "runtime/address.h"
#include "runtime/result.h"

namespace runtime {

// The two endpoints to bind for `listen`: a tcp port p gives p and p + 1, port 0 (or *) twice any
// free one, an ipc path itself and path + ".bulk". Refused: another scheme, no host, a port that
// is not in [0, 65534], an empty path.
[[nodiscard]] Result<Address> endpoints_of(std::string_view listen);

// Refuses what no peer can be reached at: another scheme than tcp and ipc, port 0, an empty path.
[[nodiscard]] Status check_dialable(std::string_view endpoint);

// True when somebody answers at an ipc endpoint. ZeroMQ itself takes the path away from whoever
// listens there.
[[nodiscard]] bool is_ipc_in_use(std::string_view endpoint);

}  // namespace runtime
