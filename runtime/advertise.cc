#include "runtime/advertise.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <optional>
#include <string>

#include "runtime/interfaces.h"
#include "runtime/zmq_endpoint.h"

namespace runtime {
namespace {

constexpr std::string_view kTcp = "tcp://";

struct Parts {
  std::string_view host;
  std::string_view port;
};

std::optional<Parts> parts_of(std::string_view endpoint) {
  if (!endpoint.starts_with(kTcp)) return std::nullopt;
  endpoint.remove_prefix(kTcp.size());
  const std::size_t colon = endpoint.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  return Parts{endpoint.substr(0, colon), endpoint.substr(colon + 1)};
}

std::string at_host(std::string_view endpoint, std::string_view host) {
  const auto parts = parts_of(endpoint);
  if (!parts) return std::string(endpoint);
  return fmt::format("{}{}:{}", kTcp, host, parts->port);
}

bool is_wildcard(std::string_view host) { return host == "0.0.0.0" || host == "*"; }

// By its number: a name that begins with "127." may lie anywhere.
bool is_loopback(std::string_view host) {
  in_addr address{};
  if (inet_pton(AF_INET, std::string(host).c_str(), &address) != 1) return false;
  return ntohl(address.s_addr) >> 24U == 127;
}

// The first address on a network, or the loopback's.
std::string host_address() {
  for (const Interface& each : interfaces())
    if (!each.loopback) return each.address;
  return "127.0.0.1";
}

}  // namespace

Result<Address> advertised(const Address& bound, std::string_view wanted) {
  if (wanted.empty()) {
    const auto parts = parts_of(bound.control);
    if (!parts || !is_wildcard(parts->host)) return bound;
    const std::string host = host_address();
    return Address{.control = at_host(bound.control, host),
                   .bulk = at_host(bound.bulk, host),
                   .key = bound.key};
  }
  auto given = endpoints_of(wanted);
  if (!given) return given.error();
  given->key = bound.key;
  const auto parts = parts_of(wanted);
  if (!parts || (parts->port != "0" && parts->port != "*")) return given;
  return Address{.control = at_host(bound.control, parts->host),
                 .bulk = at_host(bound.bulk, parts->host),
                 .key = bound.key};
}

bool is_local(std::string_view endpoint) {
  const auto parts = parts_of(endpoint);
  if (!parts) return true;
  return is_loopback(parts->host) || parts->host == "localhost" || parts->host == "[::1]";
}

}  // namespace runtime
