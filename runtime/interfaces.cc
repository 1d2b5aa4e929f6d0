#include "runtime/interfaces.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <memory>

namespace runtime {
namespace {

// Of an IPv4 address, in this machine's order of bytes, and back.
std::uint32_t number_of(const sockaddr* address) {
  const void* const generic = address;
  return ntohl(static_cast<const sockaddr_in*>(generic)->sin_addr.s_addr);
}

std::string text_of(std::uint32_t number) {
  const in_addr address{htonl(number)};
  std::array<char, INET_ADDRSTRLEN> text{};
  const char* const written = ::inet_ntop(AF_INET, &address, text.data(), text.size());
  return written == nullptr ? "" : written;
}

std::string text_of(const sockaddr* address) { return text_of(number_of(address)); }

// The last address of the network, which the kernel broadcasts to whatever else somebody has set.
// Often nobody has, and then ifa_broadaddr holds the interface's own address.
std::string broadcast_of(const ifaddrs& interface) {
  if ((interface.ifa_flags & IFF_BROADCAST) == 0 || interface.ifa_netmask == nullptr) return "";
  constexpr std::uint32_t kTwoHosts = 1;  // a network of so few has no such address
  const std::uint32_t others = ~number_of(interface.ifa_netmask);
  if (others <= kTwoHosts) return "";
  return text_of(number_of(interface.ifa_addr) | others);
}

// A datagram socket that is connected chooses its own address, and has sent nothing.
std::optional<std::string> own_end_towards(const addrinfo& there) {
  const int probe = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return std::nullopt;
  sockaddr_in own{};
  void* const generic = &own;
  socklen_t size = sizeof own;
  const bool found = ::connect(probe, there.ai_addr, there.ai_addrlen) == 0 &&
                     ::getsockname(probe, static_cast<sockaddr*>(generic), &size) == 0;
  ::close(probe);
  if (!found) return std::nullopt;
  return text_of(static_cast<const sockaddr*>(generic));
}

}  // namespace

std::vector<Interface> interfaces() {
  std::vector<Interface> found;
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) return found;
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> all(first, &::freeifaddrs);
  for (const ifaddrs* each = first; each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr == nullptr || each->ifa_addr->sa_family != AF_INET) continue;
    if ((each->ifa_flags & IFF_UP) == 0) continue;
    found.push_back({.name = each->ifa_name,
                     .address = text_of(each->ifa_addr),
                     .broadcast = broadcast_of(*each),
                     .loopback = (each->ifa_flags & IFF_LOOPBACK) != 0});
  }
  return found;
}

std::optional<std::string> address_towards(std::string_view endpoint) {
  constexpr std::string_view kTcp = "tcp://";
  if (!endpoint.starts_with(kTcp)) return std::nullopt;
  endpoint.remove_prefix(kTcp.size());
  const std::size_t colon = endpoint.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string host(endpoint.substr(0, colon));
  addrinfo wanted{};
  wanted.ai_family = AF_INET;
  wanted.ai_socktype = SOCK_DGRAM;
  addrinfo* first = nullptr;
  // Any port but zero, to which nothing can be connected.
  if (::getaddrinfo(host.c_str(), "1", &wanted, &first) != 0) return std::nullopt;
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> all(first, &::freeaddrinfo);
  return own_end_towards(*all);
}

}  // namespace runtime
