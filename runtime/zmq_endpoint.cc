#include "runtime/zmq_endpoint.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstdint>
#include <optional>

namespace runtime {
namespace {

constexpr std::string_view kTcp = "tcp://";
constexpr std::string_view kIpc = "ipc://";
constexpr std::uint32_t kPortMax = 65535;

struct HostPort {
  std::string_view host;
  std::uint32_t port = 0;
};

Error bad_endpoint(std::string_view endpoint) {
  return Error{fmt::format(
      "{} is not an endpoint: expected tcp://host:port or ipc:///path/of/a/socket", endpoint)};
}

std::optional<HostPort> host_port_of(std::string_view endpoint) {
  const std::string_view rest = endpoint.substr(kTcp.size());
  const std::size_t colon = rest.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  HostPort found{.host = rest.substr(0, colon)};
  const std::string_view digits = rest.substr(colon + 1);
  if (digits == "*") return found;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, found.port);
  if (error != std::errc{} || stop != end || found.port > kPortMax) return std::nullopt;
  return found;
}

std::optional<std::string_view> path_of(std::string_view endpoint) {
  const std::string_view path = endpoint.substr(kIpc.size());
  if (path.empty() || path == "*") return std::nullopt;
  return path;
}

}  // namespace

Result<Address> endpoints_of(std::string_view listen) {
  if (listen.starts_with(kIpc)) {
    if (!path_of(listen)) return bad_endpoint(listen);
    return Address{.control = std::string(listen), .bulk = fmt::format("{}.bulk", listen)};
  }
  if (!listen.starts_with(kTcp)) return bad_endpoint(listen);
  const std::optional<HostPort> at = host_port_of(listen);
  if (!at) return bad_endpoint(listen);
  if (at->port == kPortMax)
    return Error{fmt::format("{}: bulk messages need port 65536; the last usable port is {}",
                             listen, kPortMax - 1)};
  const std::uint32_t bulk_port = at->port == 0 ? 0 : at->port + 1;
  return Address{.control = fmt::format("{}{}:{}", kTcp, at->host, at->port),
                 .bulk = fmt::format("{}{}:{}", kTcp, at->host, bulk_port)};
}

Status check_dialable(std::string_view endpoint) {
  if (endpoint.starts_with(kIpc))
    return path_of(endpoint) ? Status() : Status(bad_endpoint(endpoint));
  if (!endpoint.starts_with(kTcp)) return bad_endpoint(endpoint);
  const std::optional<HostPort> at = host_port_of(endpoint);
  if (!at || at->host == "*") return bad_endpoint(endpoint);
  if (at->port == 0)
    return Error{fmt::format("{}: port 0 can be listened on, but nobody answers there", endpoint)};
  return {};
}

bool is_ipc_in_use(std::string_view endpoint) {
  if (!endpoint.starts_with(kIpc)) return false;
  const std::string_view path = endpoint.substr(kIpc.size());
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return false;  // binding refuses it with its reason
  path.copy(address.sun_path, path.size());
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (probe < 0) return false;
  const void* generic = &address;
  const int refused = ::connect(probe, static_cast<const sockaddr*>(generic), sizeof address);
  ::close(probe);
  return refused == 0;
}

}  // namespace runtime
