#pragma once
// What others dial to reach a peer that listens at `bound`.

#include <string_view>

#include "runtime/address.h"
#include "runtime/result.h"

namespace runtime {

// `wanted` empty: `bound`, with this host's first address on a network in place of a wildcard.
// Otherwise tcp://host:port (port 0: the bound ports at that host; port p: p and p + 1) or an ipc
// endpoint. The key is that of `bound`. Refused: what is no endpoint.
[[nodiscard]] Result<Address> advertised(const Address& bound, std::string_view wanted);

// Whether only this machine can reach what listens at `endpoint`.
[[nodiscard]] bool is_local(std::string_view endpoint);

}  // namespace runtime
